"""The real gateway as a life of consents happens at it: every answer is compared with the model as it comes."""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from gateway.domain.credential import AGENCY_SCOPES
from shared.kernel.clock import ManualClock, to_wire
from shared.kernel.identifiers import GATEWAY
from shared.referral.blocked import blocked_hash
from shared.seal.tokens import issue_access_token
from tests.support.agency import Agency, Message, Sent
from tests.support.life_beside import Beside
from tests.support.life_law import CALLED, Law
from tests.support.life_model import (
    SERVICE,
    UNDECIDED,
    Agreed,
    Case,
    Given,
    Line,
    Taking,
    may_go,
    may_refer,
    may_take_back,
)
from tests.support.life_watch import STORY
from tests.support.mesh import URL, Mesh, keys_of

SUITE = tuple(f"health-{number}" for number in range(5))
#: One of them is a protected site; and two of the staff of any of them, by pseudonym.
SITE = SUITE[-1]
STAFF = ("staff-1", "staff-2")
#: After this long without a person's answer a referral ends: three times its clock; where life is at risk, sooner.
UNHEARD_FOR, UNHEARD_NOW = timedelta(minutes=90), timedelta(minutes=15)
GIVEN_UP_AFTER = timedelta(days=7)
TOKEN_LIVES = timedelta(minutes=4)
UNHEARD = frozenset({"sent", "delivered"})
FACTS: Mapping[str, Mapping[str, Any]] = {
    "declined": {"reason": "D05"},
    "info_requested": {"question": "other"},
    "scheduled": {"scheduled_from": "2026-12-01T08:00:00.000Z"},
    "on_hold": {"reason": "D05", "review_on": "2027-12-01"},
    "completed": {"outcome": "pep_started"},
    "failed": {"reason": "D05"},
    "recorded": {"record_kind": "custody_handover", "record_sha256": "ab" * 32},
    "closed": {"survivor_told": True},
}
#: How a holder may answer when she has taken consent back; the last one names no article.
SEALED_AS: Mapping[str, Mapping[str, Any]] = {
    "sealed": {"result": "sealed"},
    "legal_hold": {"result": "legal_hold", "article": "CPC-2015/99"},
    "unfounded": {"result": "legal_hold"},
}
REJECTED: Mapping[str, str] = {"result": "rejected", "code": "seal.broken"}
#: Nobody may give these as a reason for declining.
FORBIDDEN = ("no_police_report", "did_not_cooperate", "private_family_matter")
#: What agencies do, as the ledger calls it; the rest are the gateway's own doings, and the operator's.
DECISIONS = frozenset(
    {"consent", "referral", "event", "opening", "release", "refusal", "revocation", "delivery", "override", "note"}
)
NO = frozenset({403, 404, 409, 422})

Decision = tuple[str, str]


@dataclass
class Life:
    """One gateway, what the model knows of it, and what agencies have decided since the last step."""

    mesh: Mesh
    clock: ManualClock
    consents: dict[str, Agreed] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    decided: Counter[Decision] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    lost_at: dict[tuple[str, str], int] = field(default_factory=dict)
    proposed: list[tuple[frozenset[str], frozenset[str]]] = field(default_factory=list)
    read_by: list[tuple[Case, str]] = field(default_factory=list)
    shown: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The moment."""
        return self.clock.now()

    def agency(self, name: str) -> Agency:
        """An agency with a token that lives, even if the agency does not take part any more."""
        agency = self.mesh[name]
        claims = {"issuer": URL, "audience": URL, "subject": name, "scopes": sorted(AGENCY_SCOPES)}
        token = issue_access_token(keys_of("gateway").signing, **claims, at=self.now, jti=agency.ids.new())
        agency._tokens[None] = (self.now + TOKEN_LIVES, token)
        return agency

    # What agencies do.

    async def agree(
        self, recorder: str, lines: Iterable[Line], *, until: datetime, parent: Agreed | None, by: Given
    ) -> None:
        """Record a consent, or one derived from another."""
        agency, given = self.agency(recorder), tuple(lines)
        more = {"subject": parent.subject, "derived_from": parent.id} if parent else {}
        more |= given_by(by, at=self.now)
        message = agency.consent_message(*[_grant(line) for line in given], valid_to=to_wire(until), **more)
        if parent is not None:
            message["valid_from"] = to_wire(min(self.now, parent.valid_to))
        made = Agreed(message["id"], message["subject"], recorder, given, until, parent, by)
        lawful = recorder not in self.disabled and (parent is None or parent.may_derive(made, self.now))
        lawful = lawful and by.is_lawful
        answer = await agency.post("/v1/consents", message)
        if self.judged(answer, lawful, recorder, "consent", about=f"{made}"):
            self.consents[made.id] = made

    async def refer(
        self,
        sender: str,
        recipient: str,
        *,
        consent: Agreed,
        parent: Case | None,
        names: Collection[str],
        urgency: str,
        **kept: Any,
    ) -> None:
        """Refer her, or refer her on; `kept` says from whom it is kept, and whether a caregiver is unsafe."""
        basis = {"kind": "consent", "consent_id": consent.id}
        band = "under_6" if consent.given.is_a_childs else "adult"
        made = self.written(
            sender,
            recipient,
            basis,
            consent.subject,
            parent=parent,
            names=names,
            urgency=urgency,
            age_band=band,
            **kept,
        )
        lawful = may_refer(made.sent.message, consent, parent, unsafe=made.unsafe, at=self.now)
        made.ground = consent
        await self.send(made, lawful, about=f"INV-01 INV-02 INV-08 INV-11 {sorted(names)} to {recipient}")

    def written(
        self,
        sender: str,
        recipient: str,
        basis: Message,
        subject: str,
        *,
        parent: Case | None,
        names: Collection[str],
        kept_from: frozenset[str] = frozenset(),
        unsafe: bool = False,
        service_type: str = SERVICE,
        **changes: Any,
    ) -> Case:
        """Write a referral, whatever it rests on; what was known of its chain is known of it."""
        agency = self.agency(sender)
        message_id = agency.ids.new()
        chain = parent.chain if parent else message_id
        message, shares = agency.referral_message(
            recipient,
            basis,
            id=message_id,
            subject=subject,
            service_type=service_type,
            phoned_first=True,
            incident_at=to_wire(self.now - timedelta(hours=24)),
            plaintexts={name: {"said": STORY} for name in sorted(names)},
            chain_id=chain,
            parent_id=parent.id if parent else None,
            blocked=[blocked_hash(chain, who) for who in sorted(kept_from)],
            facts={"guardian_unsafe": True} if unsafe else {},
            **changes,
        )
        known = parent is not None and parent.unsafe and parent.ground.subject == subject
        sent = Sent(message, shares, httpx.Response(0), dict.fromkeys(names))
        ground = Law("", subject, "", frozenset(names), self.now)
        kept = kept_from | (parent.kept_from if parent else frozenset())
        return Case(sent, ground, parent, kept_from=kept, unsafe=unsafe or known)

    async def send(self, made: Case, lawful: bool, *, about: str) -> bool:
        """Send a referral; `lawful`: what it rests on carries it."""
        takes_part = self.disabled.isdisjoint({made.sender, made.recipient})
        lawful = lawful and takes_part and may_go(made.sender, made.parent, made.recipient, made.kept_from)
        answer = await self.agency(made.sender).post(
            "/v1/referrals", made.sent.message, hub_shares=made.sent.hub_shares
        )
        admitted = self.judged(answer, lawful, made.sender, "referral", about=about)
        if admitted:
            self.cases[made.id] = made
        return admitted

    async def report(
        self, by: str, case: Case, event: str, *, forbidden: str | None = None, answer_as: str = "sealed"
    ) -> None:
        """Report an event; `forbidden` is a reason for declining that nobody may give."""
        facts = {"reason": forbidden} if forbidden and event == "declined" else dict(FACTS.get(event, {}))
        if event == "completed" and case.sent.message["service_type"] == CALLED:
            facts = {"outcome": "stopped"}
        if event == "sealed":
            facts = dict(SEALED_AS[answer_as])
        answer = await self.agency(by).report(case.sent, event, **facts)
        lawful = by not in self.disabled and case.may_say(event, by) and "reason" not in facts.keys() & {forbidden}
        lawful = lawful and not (forbidden and event == "declined")
        if event == "sealed" and answer_as != "sealed":
            lawful = lawful and answer_as == "legal_hold" and any(map(case.may_keep, case.holds.values()))
        if (
            case.state in UNDECIDED and isinstance(case.ground, Agreed) and case.ground.is_over(self.now)
        ):  # may have been tidied up at any moment
            lawful = lawful and answer.status_code == 202
        if self.judged(answer, lawful, by, "event", about=f"INV-04 INV-06 INV-07 {event} in {case.state}"):
            case.said(event)
            if event == "sealed":
                case.seals(str(facts["result"]))

    async def open(self, by: str, case: Case, names: Collection[str], *, actor: str = STAFF[0]) -> None:
        """Ask for the other halves."""
        answer = await self.agency(by).open(case.sent, *sorted(names), actor=actor)
        lawful = by not in self.disabled and case.side(by) == "R" and not self.keeps_from(case, by, actor)
        if not self.judged(answer, lawful, by, "opening", about="openings"):
            return
        shares, refused = answer.json()["shares"], answer.json()["refused"]
        self.decided[by, "release"] += len(shares)
        self.decided[by, "refusal"] += len(refused)
        expected = {name for name in names if case.opens(name, self.now)}
        assert set(shares) == expected, f"INV-03: opened {sorted(shares)} and not {sorted(expected)} in {case.state}"
        assert all(case.sent.hub_shares[name] == share for name, share in shares.items())
        case.opened |= set(shares)
        case.asked |= set(shares)
        case.unsealed |= set(shares)
        self.read_by += [(case, actor)] if shares else []

    def keeps_from(self, case: Case, agency: str, actor: str) -> bool:
        """Say whether a case is kept from one of an agency's people: named by a hash, or by their own word."""
        own = [one for one in self.cases.values() if one.chain == case.chain and one.recipient == agency]
        return actor in case.kept_from or any(actor in one.declared for one in own)

    async def fetch(self, by: str, *, settle: bool, rejects: bool = False) -> None:
        """Fetch what waits, and take it in or lose it before it is; `rejects`: what cannot be opened is sent back."""
        agency = self.agency(by)
        before = {case.id: case.leaves_with(self.now) for case in self.cases.values()}
        answer = await agency.get("/v1/inbox")
        if by in self.disabled:
            assert answer.status_code == 403 or answer.json()["items"] == []
            return
        items = answer.json()["items"]
        for item in items:
            self._received(by, item, before)
        if settle and items:
            settled = await agency.settle(*items, **(REJECTED if rejects else {}))
            self.decided[by, "delivery"] += len(settled)
            assert set(settled) == {item["message_id"] for item in items}
            for case in self.cases.values():
                if case.id in settled:
                    (case.rejected if rejects else case.delivered)()
        for item in items if settle and not rejects else ():  # what was rejected may be sent anew
            self._heard(by, item)

    def _received(self, by: str, item: Mapping[str, Any], before: Mapping[str, frozenset[str]]) -> None:
        if item["kind"] != "referral":
            assert set(item["hub_shares"]) == ({"note"} if item["kind"] == "note" else set())
            return
        case = self.cases[item["message_id"]]
        assert case.waiting, f"a referral left that was {case.state}"
        assert case.recipient == by
        assert set(item["hub_shares"]) == before[case.id], "INV-02 INV-03: other halves than hers to give left"
        case.fetched = True
        case.opened |= set(item["hub_shares"])

    def _heard(self, by: str, item: Mapping[str, Any]) -> None:
        if item["kind"] == "notice":
            body = json.loads(item["body"])
            following, about = body["data"].get("next_agency"), self.cases[body["referral_id"]]
            self.proposed += [(frozenset({following}), about.kept_from)] if following else []
            self.notices[json.dumps([by, body["type"], body["referral_id"], body["data"]], sort_keys=True)] += 1

    async def take_back(self, by: str, consent: Agreed, taking: Taking, *, word: str) -> None:
        """Report that she takes back, or does the agency itself, as much as `taking` says."""
        agency = self.agency(by)
        scope = {"recipients": _listed(taking.recipients), "compartments": _listed(taking.names)}
        message = agency.head("revocation", consent_id=consent.id, by=word, **scope)
        answer = await agency.post(f"/v1/consents/{consent.id}/revocations", message)
        lawful = by not in self.disabled and may_take_back(by, consent, self.consents, self.cases, word=word)
        if not self.judged(answer, lawful, by, "revocation", about=f"{word} at {by}"):
            return
        index = answer.json()["receipt"]["ledger_index"]
        taken = Taking(message["id"], taking.recipients, taking.names)
        under = [case for case in self.cases.values() if consent in case.ground.ancestry()]
        carried = {case.id: consents_of(case).carries(case.recipient) for case in under}
        consent.takings.append(taken)
        for case in under:
            for name in case.loses(taken, carried[case.id]):
                self.lost_at.setdefault((case.id, name), index)

    def judged(self, answer: httpx.Response, lawful: bool, by: str, kind: str, *, about: str) -> bool:
        """Compare a yes or no with the model's, and expect it to be recorded."""
        admitted = answer.status_code in {200, 201, 202}
        assert admitted is lawful, f"{about}: {answer.status_code} {answer.text}"
        assert admitted or answer.status_code in NO, answer.text
        self.decided[by, kind if admitted else "refusal"] += 1
        return admitted

    async def disable(self, name: str) -> None:
        """Let the operator disable an agency."""
        await asyncio.to_thread(self.mesh.provision, lambda desk: desk.disable(name))
        self.disabled.add(name)

    # What is true now.

    def follow(self, found: Beside) -> None:
        """Go along with what the gateway does by itself, as far as it may: end what nobody took, or what has lapsed."""
        for case in self.cases.values():
            row = found.referrals[case.id]
            old = self.now - _sent_at(case) > GIVEN_UP_AFTER
            over = case.ground.is_over(self.now)
            if row["state"] != case.state:
                self._ended_by_itself(case, row["state"], old=old, over=over)
            elif over and isinstance(case.ground, Agreed) and not any(half[2] for half in row["halves"].values()):
                case.gone |= case.names
            if isinstance(case.ground, Law) and found.overrides[case.id]["ended_at"]:
                assert over, "INV-10: access ended before its time"
                case.ground.ended = True
                case.gone |= case.names
                case.waiting = False
            if over or old:  # what nobody took by then does not leave any more
                case.waiting = case.waiting and case.id in found.waiting
            assert case.waiting is (case.id in found.waiting)

    def _ended_by_itself(self, case: Case, state: str, *, old: bool, over: bool) -> None:
        if isinstance(case.ground, Law) and state == "revoked":
            assert over, f"INV-04: {case.state} became revoked by itself"
        else:
            assert state == "expired", f"INV-04: {case.state} became {state} by itself"
            patience = UNHEARD_NOW if case.is_immediate else UNHEARD_FOR
            unheard = self.now - _sent_at(case) >= patience or (old and case.waiting)
            lapsed = case.state in UNDECIDED and over and isinstance(case.ground, Agreed)
            assert (case.state in UNHEARD and unheard) or lapsed, case.state
        case.becomes(state)


def consents_of(case: Case) -> Agreed:
    """Return the consent a referral rests on, of one that rests on consent."""
    assert isinstance(case.ground, Agreed)
    return case.ground


def given_by(given: Given, *, at: datetime) -> dict[str, Any]:
    """Return how a message says who consented."""
    return dict(_GIVEN[given]) | ({"decision": decision(given, at)} if given in _DECIDERS else {})


def decision(given: Given, at: datetime) -> dict[str, Any]:
    """Return a decision in a child's best interest."""
    return {"workers": list(_DECIDERS[given]), "reason": "guardian_unsafe", "at": to_wire(at)}


_BOTH = ({"actor": "social-4", "sector": "social"}, {"actor": "nurse-2", "sector": "health"})
_DECIDERS = {Given.TWO_WORKERS: _BOTH, Given.ONE_WORKER: _BOTH[:1]}
_BY_WORKERS = {"grantor": "best_interest_decision", "age_band": "under_6", "caregiver": "unsafe"}
_GIVEN: Mapping[Given, Mapping[str, str]] = {
    Given.HERSELF: {},
    Given.PARENT: {"grantor": "parent", "age_band": "under_6", "caregiver": "safe"},
    Given.OTHER_PARENT: {"grantor": "parent", "age_band": "under_6", "caregiver": "another_unsafe"},
    Given.UNSAFE_PARENT: {"grantor": "parent", "age_band": "under_6", "caregiver": "unsafe"},
    Given.ITSELF: {"age_band": "under_6"},
    Given.TWO_WORKERS: _BY_WORKERS,
    Given.ONE_WORKER: _BY_WORKERS,
}


def decisions(entries: Iterable[Mapping[str, Any]]) -> Counter[Decision]:
    """Count what agencies did and what they were refused, as the ledger has it."""
    made = [entry for entry in entries if entry["kind"] in DECISIONS and entry["actor"] != GATEWAY]
    return Counter((entry["actor"], entry["kind"]) for entry in made)


def _sent_at(case: Case) -> datetime:
    return datetime.fromisoformat(case.sent.message["sent_at"].replace("Z", "+00:00"))


def _grant(line: Line) -> Message:
    return {
        "recipients": sorted(line.recipients),
        "service_types": [SERVICE],
        "compartments": sorted(line.names),
        "onward": line.onward,
    }


def _listed(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
