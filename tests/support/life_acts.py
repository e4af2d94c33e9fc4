"""What else happens in a life of consents: disclosures by law, notes, conflicts, matches, readings, slips of the pen.

Like the gateway's other acts (`life_gateway`), each is compared with the model as it is answered.
"""

from collections.abc import Collection, Mapping
from typing import Any

import httpx

from gateway.domain.credential import OVERSIGHT_SCOPES
from shared.kernel.clock import to_wire
from shared.referral.blocked import blocked_hash
from shared.seal.jws import sign_detached
from shared.seal.tokens import issue_access_token
from tests.support.agency import Agency, to_body
from tests.support.life_gateway import FACTS, SITE, SUITE, TOKEN_LIVES, Life, decision
from tests.support.life_law import ACCESS_ENDED, CALLED, FOR_A_CHILD, Law, may_disclose
from tests.support.life_model import EVENT_TYPES, Case, Given, may_note
from tests.support.life_watch import BESIDE_AN_EVENT, BESIDE_THE_SEAL, STORY
from tests.support.mesh import OVERSIGHT, URL, keys_of

ARTICLE = "Law 91/2025 Art 19"
MASK = {"vi": "Cơ sở được bảo vệ", "en": "Protected site"}
#: What a sender may forget to say of a disclosure by law.
FORGOTTEN: Mapping[str, Mapping[str, Any]] = {"article": {"article": " "}, "approver": {"approver": ""}}


def oversight(life: Life) -> Agency:
    """The body of oversight, with a token that lives."""
    body = life.mesh.oversight
    claims = {"issuer": URL, "audience": URL, "subject": OVERSIGHT, "scopes": sorted(OVERSIGHT_SCOPES)}
    token = issue_access_token(keys_of("gateway").signing, **claims, at=life.now, jti=body.ids.new())
    body._tokens[None] = (life.now + TOKEN_LIVES, token)
    return body


# Disclosures by law.


async def disclose(
    life: Life,
    sender: str,
    recipient: str,
    *,
    kind: str,
    names: Collection[str],
    parent: Case | None,
    child: bool,
    workers: Given,
    forgotten: str | None,
    **ways: Any,
) -> None:
    """Call the police without her consent; `forgotten` is what the sender does not say of it."""
    basis = {"kind": kind, "article": ARTICLE, "approver": "duty-1", "notify_unsafe": False}
    basis |= FORGOTTEN[forgotten] if forgotten else {}
    basis |= {"decision": decision(workers, life.now)} if kind == FOR_A_CHILD else {}
    band = {"age_band": "under_6" if child else "adult"}
    subject = parent.ground.subject if parent else life.agency(sender).ids.new()
    made = life.written(
        sender, recipient, basis, subject, parent=parent, names=names, service_type=CALLED, **band, **ways
    )
    two = workers is Given.TWO_WORKERS
    lawful = may_disclose(kind, frozenset(names), child=child, decided_by_two=two, whole=forgotten is None)
    made.ground = Law(kind, subject, "duty-1", frozenset(names), life.now)
    if await life.send(made, lawful, about=f"INV-08 INV-10 {kind} {sorted(names)}"):
        life.decided[sender, "override"] += 1


async def confirm(life: Life, by: str, case: Case, actor: str) -> None:
    """Let a second person stand up for a disclosure by law."""
    law = _law_of(case, by)
    again = law is not None and law.confirmed == actor
    may = law is not None and law.may_be_confirmed(actor, life.now) and not life.keeps_from(case, by, actor)
    if await _stated(life, by, case, "confirmations", actor, may=may, again=again) and law is not None:
        law.confirmed = actor


async def tell(life: Life, by: str, case: Case, actor: str) -> None:
    """State that she was told of a disclosure by law."""
    law = _law_of(case, by)
    again = law is not None and law.told == actor
    if await _stated(life, by, case, "told", actor, may=law is not None and law.told is None, again=again):
        assert law is not None
        law.told = actor


def _law_of(case: Case, by: str) -> Law | None:
    return case.ground if isinstance(case.ground, Law) and case.sender == by else None


async def _stated(life: Life, by: str, case: Case, what: str, actor: str, *, may: bool, again: bool) -> bool:
    body = {"at": to_wire(life.now), "actor": actor}
    answer = await life.agency(by).call("POST", f"/v1/overrides/{case.id}/{what}", json=body)
    repeated = again and by not in life.disabled
    if repeated:
        assert answer.status_code == 200, answer.text
        return False
    return life.judged(answer, may and by not in life.disabled, by, "override", about=f"INV-10 {what} by {actor}")


async def review(life: Life, case: Case, outcome: str, measures: tuple[str, ...]) -> None:
    """Let oversight review a disclosure."""
    found = {"outcome": outcome, "measures": list(measures)}
    answer = await oversight(life).call("POST", f"/v1/overrides/{case.id}/reviews", json=found)
    law = case.ground if isinstance(case.ground, Law) else None
    if law is not None and law.review == (outcome, measures):
        assert answer.status_code == 200, answer.text
        return
    may = law is not None and law.review is None
    if life.judged(answer, may, OVERSIGHT, "override", about="INV-10 review") and law is not None:
        law.review = (outcome, measures)
        if ACCESS_ENDED in measures and not law.ended:
            law.ended = True
            case.gone |= case.names
            case.waiting = False
            case.becomes("revoked" if not case.has_ended else case.state)


# Words between caseworkers, and people who must not know.


async def note(life: Life, by: str, case: Case) -> None:
    """Write to the other party."""
    agency = life.agency(by)
    message, shares = agency.note_message(case.sent, STORY)
    answer = await agency.post(f"/v1/referrals/{case.id}/notes", message, hub_shares=shares)
    takes_part = life.disabled.isdisjoint({by, case.sender, case.recipient})
    life.judged(answer, takes_part and may_note(case, by, life.now), by, "note", about="a note")


async def declare(life: Life, by: str, case: Case, actor: str) -> None:
    """Let one of the recipient's people declare a conflict of interest."""
    agency = life.agency(by)
    message = agency.head("opening", compartments=sorted(case.names), actor=actor, reason="conflict_of_interest")
    answer = await agency.post(f"/v1/referrals/{case.id}/openings", message)
    lawful = by not in life.disabled and case.side(by) == "R" and not life.keeps_from(case, by, actor)
    if life.judged(answer, lawful, by, "opening", about="INV-08 a conflict"):
        assert answer.json()["shares"] == {}, "INV-08: whoever declares a conflict opens nothing"
        case.declared.add(actor)


async def slip(life: Life, by: str, case: Case, place: str) -> None:
    """Write what is to be sealed beside the seal: nobody takes that."""
    agency = life.agency(by)
    if place in BESIDE_AN_EVENT:
        message = agency.event_message(case.sent, "acknowledged", **BESIDE_AN_EVENT[place])
        answer = await agency.post(f"/v1/referrals/{case.id}/events", message)
    else:
        made = life.written(
            by, case.recipient, case.sent.message["basis"], case.ground.subject, parent=None, names=case.names
        )
        message = made.sent.message | BESIDE_THE_SEAL[place]
        answer = await agency.post("/v1/referrals", message, hub_shares=made.sent.hub_shares)
    life.judged(answer, False, by, "refusal", about=f"INV-09 person data in {place}")


async def knock(life: Life, case: Case) -> None:
    """Let both parties try every event that may not be reported, all at once: an end is an end."""
    for by in {case.sender, case.recipient} - life.disabled:
        agency = life.agency(by)
        tried = [one for one in EVENT_TYPES if not case.may_say(one, by)]
        bodies = [to_body(agency.event_message(case.sent, one, **FACTS.get(one, {}))) for one in tried]
        signed = [(body.decode(), sign_detached(body, agency.keys.signing)) for body in bodies]
        items = [{"kind": "event", "body": body, "signature": mark, "hub_shares": {}} for body, mark in signed]
        answer = await agency.call("POST", "/v1/batches", json={"items": items})
        assert answer.status_code == 200, answer.text
        admitted = [one for one, got in zip(tried, answer.json()["results"], strict=True) if got["status"] < 400]
        assert admitted == [], f"INV-04: {admitted} in {case.state}"
        life.decided[by, "refusal"] += len(tried)


# Who asks what.


async def match(
    life: Life, asker: str, *, case: Case | None, blocked: frozenset[str], exclude: frozenset[str], service: str
) -> None:
    """Ask who could take her, in a case that is known or in none."""
    exclude = exclude & set(SUITE)
    asked: dict[str, Any] = {"service_type": service, "area": "38", "exclude": sorted(exclude)}
    if case is not None:
        asked |= {"chain_id": case.chain, "blocked": [blocked_hash(case.chain, who) for who in sorted(blocked)]}
    answer = await life.agency(asker).call("POST", "/v1/matches", json=asked)
    if _is_shut_out(life, asker, answer):
        return
    proposed = {one["agency"]: one for one in answer.json()["items"] if one["agency"] in SUITE}
    kept = kept_from(life, case.chain, asker) | blocked if case else frozenset()
    assert set(proposed) == set(SUITE) - life.disabled - {asker} - exclude - kept, "INV-08: proposed to her"
    life.proposed.append((frozenset(proposed), kept | exclude))
    if SITE in proposed:
        shown = proposed[SITE]
        assert (shown["name"], shown["capacity"], shown["stated_at"]) == (MASK, None, None), "INV-15"


def kept_from(life: Life, chain: str, asker: str) -> frozenset[str]:
    """Return whom a case is kept from, as far as an agency may know it."""
    own = [case.kept_from for case in life.cases.values() if case.chain == chain and case.side(asker)]
    return frozenset().union(*own)


async def read_along(life: Life, reader: str, case: Case) -> None:
    """Read whatever an agency can read of a case: it sees its own part, and no other."""
    agency = life.agency(reader)
    answers = {
        "one": await agency.get(f"/v1/referrals/{case.id}"),
        "chain": await agency.get(f"/v1/chains/{case.chain}"),
        "list": await agency.get("/v1/referrals", limit=200),
        "ledger": await agency.get("/v1/ledger/entries", referral_id=case.id, limit=200),
        "site": await agency.get(f"/v1/agencies/{SITE}"),
    }
    if any(_is_shut_out(life, reader, answers[name]) for name in ("list", "ledger", "site")):
        return
    own = {one.id for one in life.cases.values() if one.side(reader)}
    in_chain = {one.id for one in life.cases.values() if one.side(reader) and one.chain == case.chain}
    assert (answers["one"].status_code == 200) is (case.id in own), "INV-11"
    assert {one["referral_id"] for one in answers["list"].json()["items"]} == own, "INV-11"
    assert {name for name in life.cases if name in answers["chain"].text} <= in_chain | parents(life, in_chain), (
        "INV-11"
    )
    seen = [one["leaf"] for one in answers["ledger"].json()["items"]]
    assert case.id in own or not seen, "INV-11"
    assert case.id not in own or seen


def parents(life: Life, ids: Collection[str]) -> set[str]:
    """Return what these referrals were referred on from: they name it, whosever it is."""
    above = {life.cases[one].parent for one in ids}
    return {one.id for one in above if one is not None} | {life.cases[one].chain for one in ids}


async def count(life: Life, reader: str | None, month: str) -> None:
    """Read the counts of a month, as an agency or as oversight; what was shown is remembered."""
    agency = oversight(life) if reader is None else life.agency(reader)
    answer = await agency.get("/v1/indicators", month=month)
    if reader is not None and _is_shut_out(life, reader, answer):
        return
    for indicator in answer.json()["indicators"]:
        for cell in indicator["cells"]:
            place = (month, indicator["id"], cell.get("basis") or cell["what"], cell["sector"])
            found = (cell["count"], cell.get("reviewed_in_time"))
            if reader is None:
                life.shown["true", *place] = found
            else:
                before = life.shown.setdefault(("public", *place), found)
                assert before in (found, (None, None)), "INV-12: a count changed after it was published"
                life.shown["public", *place] = found


def _is_shut_out(life: Life, reader: str, answer: httpx.Response) -> bool:
    """Say whether a reader is told nothing: it was disabled, and the gateway has heard of that by now."""
    assert answer.status_code == 200 or (reader in life.disabled and answer.status_code == 403), answer.text
    return answer.status_code == 403
