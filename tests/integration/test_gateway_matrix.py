"""Role by verb by state at the real gateway: each cell of the table is tried, each denied write is in the ledger."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copy
from typing import Any

import httpx
import pytest

from gateway.adapters.tables import LEDGER_ENTRIES
from shared.kernel.clock import ManualClock, SystemClock
from shared.sop.model import EventType, ReferralState
from tests.support.matrix_cases import FACTS, Case, Cast, Posted, mentions, stated_act
from tests.support.matrix_table import (
    AGENCIES,
    DISABLED,
    DOWNSTREAM,
    NOBODY,
    OTHERS,
    READINGS,
    RECIPIENT,
    ROLES,
    SENDER,
    SIGNED_OTHERS,
    STATES,
    Cell,
    events,
    table,
)
from tests.support.mesh import Enrolled, Mesh, running_mesh

TABLE = table()
SIGNED_VERBS = (*events(), *sorted(SIGNED_OTHERS))
UNSIGNED_VERBS = tuple(verb for verb in OTHERS if verb not in SIGNED_OTHERS | READINGS)
#: What is done to a copy, as it changes the referral.
MOVING = frozenset({*events(), "revoke"})
PARTIES = frozenset({SENDER, RECIPIENT, *DISABLED})
#: Refused at the door, before there is anything to decide on: nobody knows by whom, or nothing was signed.
UNRECORDED = frozenset({"token.missing"})
UNRECORDED_UNSIGNED = UNRECORDED | {"token.scope"}

#: Which calls each verb is.
CALLS: Mapping[str, str] = {
    **dict.fromkeys(events(), "POST /v1/referrals/{id}/events"),
    "open": "POST /v1/referrals/{id}/openings",
    "note": "POST /v1/referrals/{id}/notes",
    "onward": "POST /v1/referrals",
    "join": "POST /v1/referrals",
    "revoke": "POST /v1/consents/{id}/revocations",
    "ask_statement": "POST /v1/referrals/{referral_id}/statement-requests",
    "release_lease": "DELETE /v1/leases/{lease_id}",
    "confirm_override": "POST /v1/overrides/{referral_id}/confirmations",
    "tell_override": "POST /v1/overrides/{referral_id}/told",
    "review_override": "POST /v1/overrides/{referral_id}/reviews",
    "read_referral": "GET /v1/referrals/{id}",
    "read_list": "GET /v1/referrals",
    "read_chain": "GET /v1/chains/{chain_id}",
    "read_entries": "GET /v1/ledger/entries",
    "read_consent": "GET /v1/consents/{id}",
    "read_propagation": "GET /v1/consents/{id}/propagation",
    "read_certificate": "GET /v1/consents/{id}/certificate",
}
#: Calls that are not about one referral which is there: whoever adds one says here or in the table what it is.
ELSEWHERE = frozenset(
    {
        "POST /v1/batches", "POST /v1/consents", "GET /v1/consents", "POST /v1/leases", "POST /v1/matches",
        "GET /v1/inbox", "POST /v1/inbox/receipts", "POST /v1/inbox/claims",
        "GET /v1/overrides", "GET /v1/withdrawals", "GET /v1/indicators",
        "GET /v1/indicators/{period}",
        "GET /v1/agencies", "GET /v1/agencies/{agency_id}", "PUT /v1/agencies/{agency_id}/availability",
        "GET /v1/ledger/proofs/inclusion", "GET /v1/ledger/proofs/inclusion.tlog-proof",
        "GET /v1/ledger/proofs/consistency", "GET /v1/sop",
        "GET /v1/sop/service-types", "GET /v1/sop/service-types/{code}", "GET /v1/sop/compartments/{name}",
    }
)  # fmt: skip


@dataclass
class Trial:
    """One state's cells as they are tried: what differed from the table, and which writes were denied."""

    cast: Cast
    state: str
    case: Case
    differs: list[str] = field(default_factory=list)
    denied: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    tried: set[tuple[str, str]] = field(default_factory=set)

    def cell(self, verb: str, role: str) -> Cell:
        """What the table says."""
        return TABLE[verb, role, self.state]

    def found(self, verb: str, role: str, status: int, body: dict[str, Any], shown: bool | str | None = None) -> None:
        """Compare what came of a verb with the table."""
        self.tried.add((verb, role))
        got = Cell(status, body.get("code") if status >= 400 else None, _state_in(body), shown)
        cell = self.cell(verb, role)
        if cell.is_done and cell.after is None and got.after == self.state:
            got = replace(got, after=None)
        if got != cell:
            self.differs.append(f"{role} {verb} {self.state}: {got} and not {cell}")
        if not got.is_done and verb not in READINGS:
            self.denied.append((verb, role, str(got.code), body))


def _state_in(body: Mapping[str, Any]) -> str | None:
    shown = body.get("referral")
    return str(shown["state"]) if isinstance(shown, dict) and "receipt" in body and "state" in shown else None


@pytest.fixture
async def cast(enrolled_file: Enrolled, tmp_path: Path) -> AsyncIterator[Cast]:
    copy(enrolled_file.url.removeprefix("sqlite:///"), tmp_path / "test.db")
    url, clock = f"sqlite:///{tmp_path / 'test.db'}", ManualClock(SystemClock().now())
    async with running_mesh(url, tmp_path, clock=clock, secrets=enrolled_file.secrets) as mesh:
        yield Cast(mesh)


# The table is whole.


def test_every_role_has_a_cell_for_every_verb_in_every_state() -> None:
    verbs = {*events(), *OTHERS}
    assert set(events()) == {event.value for event in EventType}
    assert tuple(state.value for state in ReferralState) == STATES
    assert set(TABLE) == {(verb, role, state) for verb in verbs for role in ROLES for state in STATES}
    assert verbs == CALLS.keys()


async def test_every_call_of_the_gateway_is_a_verb_or_concerns_no_referral(cast: Cast) -> None:
    document = (await cast[NOBODY].http.get("/openapi.json")).json()
    calls = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if path.startswith("/v1/") and method in {"get", "put", "post", "patch", "delete"}
    }
    assert calls == set(CALLS.values()) | ELSEWHERE


# The cells.


@pytest.mark.parametrize("state", STATES)
async def test_whoever_does_whatever_in_this_state(cast: Cast, state: str) -> None:
    case = await cast.a_case(whole=True)
    trial = Trial(cast, state, case)
    copies = await _copies(trial)
    await cast.bring([case, *copies.values()], state)
    cast.stands_for_the_gateway()
    others = [role for role in ROLES if role not in DISABLED]
    await _read(trial, others)
    await _refused(trial, others)
    detail = (await cast[SENDER].get(f"/v1/referrals/{case.sent.id}")).json()
    assert detail["state"] == state, "a refusal changes nothing"
    await _allowed(trial, copies)
    await cast.disable()
    cast.stands_for_the_gateway()
    await _read(trial, DISABLED)
    await _refused(trial, DISABLED)
    assert trial.differs == []
    assert trial.tried == {(verb, role) for verb, role, _ in TABLE}
    _assert_recorded(trial, cast.mesh)


async def _copies(trial: Trial) -> dict[tuple[str, str], Case]:
    """A referral for each verb that is allowed and would move it; each withdrawal takes back a consent of its own."""
    cast, case = trial.cast, trial.case
    found: dict[tuple[str, str], Case] = {}
    for verb in sorted(MOVING):
        for role in AGENCIES:
            if not trial.cell(verb, role).is_done:
                continue
            if verb == "revoke":
                found[verb, role] = await cast.a_case(whole=False)
                if role == DOWNSTREAM:
                    await cast.onward(found[verb, role])
            else:
                found[verb, role] = replace(case, sent=await cast.again(case.consent, case.before))
    return found


async def _read(trial: Trial, roles: Sequence[str]) -> None:
    referral_id, chain_id = trial.case.sent.id, trial.case.sent.message["chain_id"]
    consent = f"/v1/consents/{trial.case.consent['id']}"
    paths = {
        "read_referral": f"/v1/referrals/{referral_id}",
        "read_list": "/v1/referrals?limit=200",
        "read_chain": f"/v1/chains/{chain_id}",
        "read_entries": f"/v1/ledger/entries?referral_id={referral_id}&limit=200",
        "read_consent": consent,
        "read_propagation": f"{consent}/propagation",
        "read_certificate": f"{consent}/certificate",
    }
    for role in roles:
        for verb, path in paths.items():
            answer = await trial.cast[role].call("GET", path)
            body = answer.json()
            shown = "consents" in path or mentions(body, referral_id)
            shown = shown if answer.status_code == 200 else None
            trial.found(verb, role, answer.status_code, body, shown)


async def _refused(trial: Trial, roles: Sequence[str]) -> None:
    """Try whatever the table denies, on the one referral: nothing of it may change anything."""
    for role in roles:
        denied = [verb for verb in SIGNED_VERBS if not trial.cell(verb, role).is_done]
        posted = [_posted(trial.cast, verb, role, trial.case) for verb in denied]
        if role in AGENCIES or role in DISABLED:
            for verb, result in zip(denied, await trial.cast.batch(role, posted), strict=True):
                trial.found(verb, role, result["status"], result["body"])
        else:
            for verb, one in zip(denied, posted, strict=True):
                answer = await _post(trial.cast, role, one)
                trial.found(verb, role, answer.status_code, answer.json())
        for verb in UNSIGNED_VERBS:
            if not trial.cell(verb, role).is_done:
                await _ask(trial, verb, role)


async def _allowed(trial: Trial, copies: Mapping[tuple[str, str], Case]) -> None:
    """Do whatever the table allows: what moves the referral, on its copy."""
    for role in AGENCIES:
        for verb in (*SIGNED_VERBS, *UNSIGNED_VERBS):
            if not trial.cell(verb, role).is_done:
                continue
            if verb in UNSIGNED_VERBS:
                await _ask(trial, verb, role)
                continue
            case = copies.get((verb, role), trial.case)
            answer = await _post(trial.cast, role, _posted(trial.cast, verb, role, case))
            await _done(trial, verb, role, case=case, answer=answer)


async def _done(trial: Trial, verb: str, role: str, *, case: Case, answer: httpx.Response) -> None:
    body, shown = answer.json(), None
    if verb == "open" and answer.status_code == 200:
        shown = body["refused"].get("identity", "")
        assert (body["shares"] == {"identity": case.sent.hub_shares["identity"]}) is (shown == "")
    if verb == "onward":
        body = {**body, "referral": {}}  # another referral's state
    if verb == "revoke":
        seen = (await trial.cast[SENDER].get(f"/v1/referrals/{case.sent.id}")).json()
        body = {**body, "referral": seen}
    trial.found(verb, role, answer.status_code, body, shown)


def _posted(cast: Cast, verb: str, role: str, case: Case) -> Posted:
    if verb in events():
        return cast.event(role, case.sent, verb)
    made: Mapping[str, Callable[[], Posted]] = {
        "open": lambda: cast.opening(role, case.sent),
        "note": lambda: cast.note(role, case.sent),
        "onward": lambda: cast.referral(role, case, parent=True),
        "join": lambda: cast.referral(role, case, parent=False),
        "revoke": lambda: cast.revocation(role, case),
    }
    return made[verb]()


async def _post(cast: Cast, role: str, posted: Posted) -> httpx.Response:
    return await cast[role].post(posted.path, posted.message, hub_shares=posted.hub_shares)


async def _ask(trial: Trial, verb: str, role: str) -> None:
    agency, sent = trial.cast[role], trial.case.sent
    override = f"/v1/overrides/{sent.id}"
    calls: Mapping[str, Callable[[], Awaitable[httpx.Response]]] = {
        "ask_statement": lambda: agency.call(
            "POST", f"/v1/referrals/{sent.id}/statement-requests", json={"actor": "staff-1"}
        ),
        "release_lease": lambda: agency.call("DELETE", f"/v1/leases/{trial.case.lease_id}"),
        "confirm_override": lambda: agency.call("POST", f"{override}/confirmations", json=stated_act(agency)),
        "tell_override": lambda: agency.call("POST", f"{override}/told", json=stated_act(agency)),
        "review_override": lambda: agency.call(
            "POST", f"{override}/reviews", json={"outcome": "justified", "measures": []}
        ),
    }
    answer = await calls[verb]()
    trial.found(verb, role, answer.status_code, answer.json() if answer.content else {})


@pytest.mark.parametrize("path", [["declined"], ["accepted", "declined"]], ids=["at-once", "after-all"])
async def test_closing_the_loop_gives_nobody_a_case_that_was_declined(cast: Cast, path: list[str]) -> None:
    case = await cast.a_case(whole=False)
    for event in ["acknowledged", *path]:
        await cast[RECIPIENT].reported(case.sent, event, **FACTS.get(event, {}))
    await cast[SENDER].reported(case.sent, "closed", **FACTS["closed"])
    answer = await _post(cast, RECIPIENT, cast.referral(RECIPIENT, case, parent=True))
    assert (answer.status_code, answer.json()["code"]) == (403, "consent.onward")


async def test_closing_the_loop_gives_nobody_a_case_that_expired(cast: Cast) -> None:
    case = await cast.a_case(whole=False)
    await cast.bring([case], "expired")
    await cast[SENDER].reported(case.sent, "closed", **FACTS["closed"])
    answer = await _post(cast, RECIPIENT, cast.referral(RECIPIENT, case, parent=True))
    assert (answer.status_code, answer.json()["code"]) == (403, "consent.onward")


# What was denied is in the ledger.


def _assert_recorded(trial: Trial, mesh: Mesh) -> None:
    """Each denied write is an entry of its own, and names the referral only where it is the asker's to know."""
    entries = {row["idx"]: row for row in mesh.rows(LEDGER_ENTRIES)}
    unrecorded = [body for verb, _, code, body in trial.denied if code in _at_the_door(verb)]
    recorded = [
        (verb, role, code, body["ledger_index"])
        for verb, role, code, body in trial.denied
        if code not in _at_the_door(verb)
    ]
    assert len({index for *_, index in recorded}) == len(recorded)
    for verb, role, code, index in recorded:
        entry = entries[index]
        assert (entry["kind"], entry["actor"], entry["code"]) == ("refusal", trial.cast[role].id, code), (verb, role)
        names_it = entry["referral_id"] == trial.case.sent.id
        assert not names_it or role in PARTIES, f"{role} {verb} wrote into the history of a referral not its own"
    assert all("ledger_index" not in body for body in unrecorded)


def _at_the_door(verb: str) -> frozenset[str]:
    return UNRECORDED if verb in SIGNED_VERBS else UNRECORDED_UNSIGNED
