"""The withdrawal certificate: every hop with its signed answer and its proof, verified offline, against every lie."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mesh.cli import app as command_line
from shared.kernel.errors import InputRejected
from shared.seal.certificates import sign_certificate, verify_certificate
from shared.seal.checkpoints import NoteVerifier
from shared.sop.loader import load_sop
from shared.web.withdrawal_page import render
from tests.support.agency import Message, Sent, a_grant
from tests.support.mesh import HEALTH, LEGAL, SHELTER_HOUSE, SOCIAL, Mesh, keys_of
from tests.support.withdrawals import a_line, certificate, taken_back

Change = Callable[[dict[str, Any]], None]


async def answered(mesh: Mesh) -> tuple[Message, Sent, Sent]:
    """A withdrawal that everybody down the line has answered."""
    consent, _, first, second = await a_line(mesh)
    await taken_back(mesh[HEALTH], consent)
    await mesh[SOCIAL].reported(first, "sealed", result="sealed")
    await mesh[SHELTER_HOUSE].reported(second, "sealed", result="sealed")
    return consent, first, second


def findings(signed: dict[str, Any], verifier: NoteVerifier | None = None) -> list[str]:
    jwks = keys_of("gateway").public_jwks()
    verdict = verify_certificate(json.dumps(signed).encode(), jwks=jwks, verifier=verifier)
    return [finding.code for finding in verdict.findings]


async def test_every_hop_is_in_it_with_its_own_signed_answer(mesh: Mesh) -> None:
    consent, first, second = await answered(mesh)
    signed = await certificate(mesh[HEALTH], consent)
    document = signed["certificate"]
    (top,) = document["holders"]
    (below,) = top["onward"]
    assert [(hop["agency"], hop["via"], hop["referral_id"]) for hop in (top, below)] == [
        (SOCIAL, HEALTH, first.id),
        (SHELTER_HOUSE, SOCIAL, second.id),
    ]
    for hop in (top, below):
        (withdrawal,) = hop["withdrawals"]
        assert json.loads(withdrawal["answer"]["body"])["sender"] == hop["agency"]
        assert (withdrawal["result"], withdrawal["late"]) == ("sealed", False)
    (revocation,) = document["revocations"]
    assert (revocation["by"], revocation["reported_by"]) == ("survivor", HEALTH)
    assert (document["complete"], document["outstanding"], document["state"]) == (True, [], "revoked")
    assert findings(signed, mesh.verifier) == []


async def test_it_verifies_offline_from_two_files(mesh: Mesh, tmp_path: Path) -> None:
    consent, _, _ = await answered(mesh)
    file, keys = tmp_path / "certificate.json", tmp_path / "jwks.json"
    file.write_text(json.dumps(await certificate(mesh[HEALTH], consent)))
    keys.write_text((await mesh[HEALTH].http.get("/.well-known/jwks.json")).text)
    done = CliRunner().invoke(
        command_line, ["certificate", "verify", str(file), "--jwks", str(keys), "--vkey", mesh.verifier.vkey()]
    )
    assert (done.exit_code, "verified" in done.output) == (0, True), done.output
    file.write_text(file.read_text().replace('"sealed"', '"legal_hold"', 1))
    forged = CliRunner().invoke(command_line, ["certificate", "verify", str(file), "--jwks", str(keys)])
    assert (forged.exit_code, isinstance(forged.exception, InputRejected)) == (1, True)


async def test_incomplete_one_names_who_is_outstanding(mesh: Mesh) -> None:
    consent, _, first, _ = await a_line(mesh)
    await taken_back(mesh[HEALTH], consent)
    await mesh[SOCIAL].reported(first, "sealed", result="sealed")
    mesh.provision(lambda desk: desk.disable(SHELTER_HOUSE))
    signed = await certificate(mesh[HEALTH], consent)
    (outstanding,) = signed["certificate"]["outstanding"]
    assert (outstanding["agency"], outstanding["result"], outstanding["reason"]) == (
        SHELTER_HOUSE,
        "unreachable",
        "agency.disabled",
    )
    assert signed["certificate"]["complete"] is False
    assert findings(signed, mesh.verifier) == []


async def test_it_is_for_the_recorder_for_who_reported_her_word_and_for_oversight(mesh: Mesh) -> None:
    consent, _, _, _ = await a_line(mesh)
    path = f"/v1/consents/{consent['id']}/certificate"
    early = await mesh[HEALTH].get(path)
    assert (early.status_code, early.json()["code"]) == (409, "consent.not-revoked")
    await taken_back(mesh[SHELTER_HOUSE], consent)
    seen = {agency: (await mesh[agency].get(path)).status_code for agency in (HEALTH, SHELTER_HOUSE, SOCIAL, LEGAL)}
    assert seen == {HEALTH: 200, SHELTER_HOUSE: 200, SOCIAL: 404, LEGAL: 404}
    assert (await mesh.oversight.get(path)).status_code == 200
    assert (await mesh[HEALTH].http.get(path)).status_code == 401


@pytest.mark.parametrize(("opened", "result"), [(["contact"], "sealed"), ([], "never_opened")])
async def test_holder_that_had_something_opened_is_not_taken_at_its_word_that_it_never_did(
    mesh: Mesh, opened: list[str], result: str
) -> None:
    consent, _, first, second = await a_line(mesh)
    for name in opened:
        assert (await mesh[SOCIAL].open(first, name)).json()["shares"].keys() == {name}
    await taken_back(mesh[HEALTH], consent)
    for holder, sent in ((SOCIAL, first), (SHELTER_HOUSE, second)):
        await mesh[holder].reported(sent, "sealed", result="never_opened")
    signed = await certificate(mesh[HEALTH], consent)
    (top,) = signed["certificate"]["holders"]
    (withdrawal,) = top["withdrawals"]
    assert (withdrawal["result"], signed["certificate"]["complete"]) == (result, True)
    assert json.loads(withdrawal["answer"]["body"])["data"]["result"] == "never_opened"
    assert findings(signed, mesh.verifier) == []


async def test_what_had_not_left_is_proved_by_the_taking_back_itself(mesh: Mesh) -> None:
    consent, _, _, _ = await a_line(mesh)
    waiting = await mesh[HEALTH].refer(SOCIAL, consent)
    await taken_back(mesh[HEALTH], consent)
    signed = await certificate(mesh[HEALTH], consent)
    (hop,) = (hop for hop in signed["certificate"]["holders"] if hop["referral_id"] == waiting.id)
    (withdrawal,) = hop["withdrawals"]
    assert (withdrawal["result"], withdrawal["answer"]) == ("never_opened", None)
    assert withdrawal["ledger_index"] == signed["certificate"]["revocations"][0]["ledger_index"]
    assert findings(signed, mesh.verifier) == []


# Attacks.


def hop(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["holders"][0]["withdrawals"][0]
    return found


def swap_answers(document: dict[str, Any]) -> None:
    below = document["holders"][0]["onward"][0]["withdrawals"][0]
    for name in ("answer", "ledger_index", "answered_at"):
        hop(document)[name], below[name] = below[name], hop(document)[name]


def forge_answer(document: dict[str, Any]) -> None:
    hop(document)["answer"]["signature"] = document["holders"][0]["onward"][0]["withdrawals"][0]["answer"]["signature"]


def rewrite_entry(document: dict[str, Any]) -> None:
    entry = document["evidence"]["entries"][0]
    entry["leaf"] = entry["leaf"].replace('"survivor"', '"recorder"')


def answer_for_a_silent_holder(document: dict[str, Any]) -> None:
    hop(document).update(answer=None, ledger_index=document["revocations"][0]["ledger_index"])


LIES: dict[str, tuple[Change, str]] = {
    "a hold that was a sealing": (lambda d: hop(d).update(result="legal_hold", article="X-1"), "certificate.answer"),
    "never opened, though it was": (lambda d: hop(d).update(result="never_opened"), "certificate.answer"),
    "one holder's answer for another's": (swap_answers, "certificate.answer"),
    "a foreign signature": (forge_answer, "certificate.signature"),
    "an answer from nobody": (answer_for_a_silent_holder, "certificate.answer"),
    "an earlier answer": (lambda d: hop(d).update(answered_at="2020-01-01T00:00:00.000Z"), "certificate.answer"),
    "an entry rewritten": (rewrite_entry, "entry.altered"),
    "another root": (lambda d: d["evidence"].update(root_hash="0" * 64), "proof.broken"),
    "a guardian's word": (lambda d: d["revocations"][0].update(by="guardian"), "certificate.revocation"),
    "no proof at all": (lambda d: d["evidence"].update(entries=[], proofs={}), "certificate.unproved"),
    "unfinished, though it is": (lambda d: d.update(complete=False), "certificate.complete"),
    "late, though it was not": (lambda d: hop(d).update(late=True), "certificate.late"),
    "finished, though it is not": (
        lambda d: hop(d).update(result="pending", answer=None, ledger_index=None, answered_at=None),
        "certificate.complete",
    ),
}


@pytest.fixture(scope="module")
async def honest(shared_mesh: Mesh) -> dict[str, Any]:
    consent, _, _ = await answered(shared_mesh)
    return await certificate(shared_mesh[HEALTH], consent)


async def test_gateway_that_lies_in_it_is_found_out(honest: dict[str, Any]) -> None:
    key = keys_of("gateway").signing
    assert findings(sign_certificate(honest["certificate"], key)) == []
    for lie, (change, code) in LIES.items():
        document = copy.deepcopy(honest["certificate"])
        change(document)
        assert code in findings(sign_certificate(document, key)), lie


def about_another(document: dict[str, Any]) -> None:
    """The receipt is one that the holder gave for something else."""
    receipt = json.loads(hop(document)["answer"]["body"])
    hop(document)["answer"]["body"] = json.dumps({**receipt, "sha256": "0" * 64})


DENIALS: dict[str, tuple[Change, str]] = {
    "sealed, though it had nothing": (lambda d: hop(d).update(result="sealed"), "certificate.answer"),
    "a receipt for something else": (about_another, "certificate.answer"),
    "no receipt": (lambda d: hop(d).update(answer=None), "certificate.answer"),
    "an unreadable receipt": (lambda d: hop(d)["answer"].update(body="[]"), "certificate.answer"),
    "another's referral": (lambda d: d["holders"][0].update(referral_id=d["consent_id"]), "certificate.answer"),
    "nobody's signature": (lambda d: hop(d)["answer"].update(signature="e30..AA"), "certificate.signature"),
}


async def test_a_rejection_proves_that_a_holder_had_nothing_and_no_more(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    (item,) = [one for one in await mesh[SOCIAL].inbox() if one["message_id"] == sent.id]
    await taken_back(mesh[HEALTH], consent)
    await mesh[SOCIAL].settle(item, result="rejected", code="consent.revoked")
    signed, key = await certificate(mesh[HEALTH], consent), keys_of("gateway").signing
    assert (findings(signed, mesh.verifier), hop(signed["certificate"])["result"]) == ([], "never_opened")
    for lie, (change, code) in DENIALS.items():
        document = copy.deepcopy(signed["certificate"])
        change(document)
        assert code in findings(sign_certificate(document, key)), lie


async def test_nobody_else_can_change_or_sign_it(honest: dict[str, Any]) -> None:
    changed = copy.deepcopy(honest)
    changed["certificate"]["complete"] = False
    stranger = sign_certificate(honest["certificate"], keys_of("a stranger").signing)
    other = {**honest, "jws": honest["jws"][:-4] + "AAAA"}
    for forged in (changed, stranger, other, {"certificate": {}, "jws": ""}, {"jws": honest["jws"]}, {}):
        with pytest.raises(InputRejected) as refused:
            findings(forged)
        assert refused.value.code == "signature.invalid"


@pytest.mark.parametrize("field", ["evidence", "holders", "revocations", "issued_at"])
async def test_what_is_no_certificate_is_refused_though_signed(honest: dict[str, Any], field: str) -> None:
    document = {**honest["certificate"], field: 7}
    with pytest.raises(InputRejected) as refused:
        findings(sign_certificate(document, keys_of("gateway").signing))
    assert refused.value.code == "ledger.evidence"


# The page.


@pytest.mark.parametrize(("lang", "says"), [("vi", "Tất cả các nơi"), ("en", "Everybody who held")])
async def test_page_prints_in_her_language_with_nothing_from_elsewhere(mesh: Mesh, lang: str, says: str) -> None:
    consent, _, _ = await answered(mesh)
    path = f"/v1/consents/{consent['id']}/certificate"
    page = await mesh[HEALTH].get(path, format="html", lang=lang)
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    text = page.text
    assert (says in text, f'<html lang="{lang}">' in text) == (True, True)
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|https?://(?!gateway\.test)", text)
    assert re.search(r"<title>(Giấy xác nhận|Confirmation)</title>", text)
    assert consent["subject"] not in text
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', text)
    sheet = await mesh[HEALTH].http.get(style)
    assert (sheet.status_code, sheet.headers["content-type"].partition(";")[0]) == (200, "text/css")
    assert "url(" not in sheet.text
    assert "@import" not in sheet.text


async def test_accept_decides_between_data_and_page(mesh: Mesh) -> None:
    consent, _, _ = await answered(mesh)
    path = f"/v1/consents/{consent['id']}/certificate"
    kinds = {}
    for accept in (
        "application/json",
        "*/*",
        "text/html",
        "text/html,application/json;q=0.9",
        "application/json, text/html",
    ):
        answer = await mesh[HEALTH].call("GET", path, headers={"Accept": accept})
        kinds[accept] = answer.headers["content-type"].partition(";")[0]
    assert list(kinds.values()) == [
        "application/json",
        "application/json",
        "text/html",
        "text/html",
        "application/json",
    ]


async def test_page_says_who_is_outstanding_and_what_a_law_keeps(honest: dict[str, Any]) -> None:
    document = copy.deepcopy(honest["certificate"])
    document["complete"] = False
    hop(document).update(result="unreachable", reason="agency.disabled", answered_at=None, late=True)
    below = document["holders"][0]["onward"][0]["withdrawals"][0]
    below.update(result="legal_hold", article="CPC-2015/99", kept=["incident"])
    page = render(document, lang="en", sop=load_sop())
    assert "Not finished. Answers still to come: 1." in page
    assert "could not be reached yet; this agency no longer takes part; late" in page
    assert "by CPC-2015/99, keeps: " in page


async def test_page_escapes_whatever_a_directory_says(honest: dict[str, Any]) -> None:
    document = copy.deepcopy(honest["certificate"])
    document["agencies"][SOCIAL]["name"] = {"vi": "<script>x</script>", "en": '"><img src=x>'}
    for lang in ("vi", "en"):
        page = render(document, lang=lang, sop=load_sop())  # type: ignore[arg-type]  # one of the two
        assert "<script>" not in page
        assert "<img" not in page
