"""The real gateway as a life of consents happens at it: every answer is compared with the model as it comes.

Beside it run other processes of the gateway, as far as the database can tell: they look at what is due, overtake one
another, and die in the middle of it.
"""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError

from gateway.adapters.bell import Bell
from gateway.adapters.core import Core
from gateway.adapters.duties import clocks, withdrawals
from gateway.adapters.housekeeping import Housekeeping
from gateway.bootstrap import open_watch
from gateway.domain.credential import AGENCY_SCOPES
from shared.kernel.clock import ManualClock, to_wire
from shared.kernel.errors import MeshError
from shared.kernel.identifiers import GATEWAY
from shared.seal.tokens import issue_access_token
from shared.telemetry.tracing import Telemetry
from tests.support.agency import Agency, Message, Sent
from tests.support.life_model import (
    SERVICE,
    UNDECIDED,
    Agreed,
    Case,
    Line,
    Taking,
    may_refer,
    may_take_back,
)
from tests.support.mesh import URL, Mesh, keys_of
from tests.support.ticking import beside
from tests.support.watched import watch

SUITE = tuple(f"health-{number}" for number in range(5))
#: After this long without a person's answer a referral ends: three times its clock; where life is at risk, sooner.
UNHEARD_FOR, UNHEARD_NOW = timedelta(minutes=90), timedelta(minutes=15)
GIVEN_UP_AFTER = timedelta(days=7)
UNHEARD = frozenset({"sent", "delivered"})
FACTS: Mapping[str, Mapping[str, Any]] = {
    "declined": {"reason": "D05"},
    "info_requested": {"question": "other"},
    "scheduled": {"scheduled_from": "2026-12-01T08:00:00.000Z"},
    "on_hold": {"reason": "D05", "review_on": "2027-12-01"},
    "completed": {"outcome": "pep_started"},
    "failed": {"reason": "D05"},
    "sealed": {"result": "sealed"},
    "recorded": {"record_kind": "custody_handover", "record_sha256": "ab" * 32},
    "closed": {"survivor_told": True},
}
#: Nobody may give these as a reason for declining.
FORBIDDEN = ("no_police_report", "did_not_cooperate", "private_family_matter")
#: What agencies do, as the ledger calls it; the rest are the gateway's own doings, and the operator's.
DECISIONS = frozenset({"consent", "referral", "event", "opening", "release", "refusal", "revocation", "delivery"})
NO = frozenset({403, 404, 409, 422})

Decision = tuple[str, str]


@dataclass
class Beside:
    """What the database holds after a step, read from beside the gateway."""

    referrals: dict[str, dict[str, Any]]
    holds: list[dict[str, Any]]
    entries: list[dict[str, Any]]
    waiting: set[str]


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

    @property
    def now(self) -> datetime:
        """The moment."""
        return self.clock.now()

    def agency(self, name: str) -> Agency:
        """An agency with a token that lives, even if the agency does not take part any more."""
        agency = self.mesh[name]
        claims = {"issuer": URL, "audience": URL, "subject": name, "scopes": sorted(AGENCY_SCOPES)}
        token = issue_access_token(keys_of("gateway").signing, **claims, at=self.now, jti=agency.ids.new())
        agency._tokens[None] = (self.now + timedelta(minutes=4), token)
        return agency

    # What agencies do.

    async def agree(self, recorder: str, lines: Iterable[Line], *, until: datetime, parent: Agreed | None) -> None:
        """Record a consent, or one derived from another."""
        agency, given = self.agency(recorder), tuple(lines)
        more = {"subject": parent.subject, "derived_from": parent.id} if parent else {}
        message = agency.consent_message(*[_grant(line) for line in given], valid_to=to_wire(until), **more)
        if parent is not None:
            message["valid_from"] = to_wire(min(self.now, parent.valid_to))
        made = Agreed(message["id"], message["subject"], recorder, given, until, parent)
        lawful = recorder not in self.disabled and (parent is None or parent.may_derive(made, self.now))
        answer = await agency.post("/v1/consents", message)
        if self._judged(answer, lawful, recorder, "consent", about=f"{made}"):
            self.consents[made.id] = made

    async def refer(
        self, sender: str, recipient: str, *, consent: Agreed, parent: Case | None, names: Collection[str], urgency: str
    ) -> None:
        """Refer her, or refer her on."""
        agency = self.agency(sender)
        chain = {"chain_id": parent.sent.message["chain_id"], "parent_id": parent.id} if parent else {}
        message, shares = agency.referral_message(
            recipient,
            {"kind": "consent", "consent_id": consent.id},
            subject=consent.subject,
            service_type=SERVICE,
            urgency=urgency,
            phoned_first=True,
            incident_at=to_wire(self.now - timedelta(hours=24)),
            plaintexts={name: {} for name in sorted(names)},
            **chain,
        )
        takes_part = self.disabled.isdisjoint({sender, recipient})
        lawful = takes_part and may_refer(message, consent, parent, at=self.now)
        answer = await agency.post("/v1/referrals", message, hub_shares=shares)
        if self._judged(answer, lawful, sender, "referral", about=f"INV-01 INV-02 {sorted(names)} to {recipient}"):
            sent = Sent(message, shares, answer, dict.fromkeys(names))
            self.cases[sent.id] = Case(sent, consent, parent)

    async def report(self, by: str, case: Case, event: str, *, forbidden: str | None = None) -> None:
        """Report an event; `forbidden` is a reason for declining that nobody may give."""
        facts = {"reason": forbidden} if forbidden and event == "declined" else FACTS.get(event, {})
        answer = await self.agency(by).report(case.sent, event, **facts)
        lawful = by not in self.disabled and case.may_say(event, by) and "reason" not in facts.keys() & {forbidden}
        lawful = lawful and not (forbidden and event == "declined")
        if case.state in UNDECIDED and case.consent.is_over(self.now):  # may have been tidied up at any moment
            lawful = lawful and answer.status_code == 202
        if self._judged(answer, lawful, by, "event", about=f"INV-04 INV-06 INV-07 {event} in {case.state}"):
            case.said(event)

    async def open(self, by: str, case: Case, names: Collection[str]) -> None:
        """Ask for the other halves."""
        answer = await self.agency(by).open(case.sent, *sorted(names))
        lawful = by not in self.disabled and case.side(by) == "R"
        if not self._judged(answer, lawful, by, "opening", about="openings"):
            return
        shares, refused = answer.json()["shares"], answer.json()["refused"]
        self.decided[by, "release"] += len(shares)
        self.decided[by, "refusal"] += len(refused)
        expected = {name for name in names if case.opens(name, self.now)}
        assert set(shares) == expected, f"INV-03: opened {sorted(shares)} and not {sorted(expected)} in {case.state}"
        assert all(case.sent.hub_shares[name] == share for name, share in shares.items())
        case.opened |= set(shares)
        case.asked |= set(shares)

    async def fetch(self, by: str, *, settle: bool) -> None:
        """Fetch what waits, and take it in or lose it before it is."""
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
            settled = await agency.settle(*items)
            self.decided[by, "delivery"] += len(settled)
            assert set(settled) == {item["message_id"] for item in items}
            for case in self.cases.values():
                if case.id in settled:
                    case.delivered()
        if settle:
            for item in items:
                self._heard(by, item)

    def _received(self, by: str, item: Mapping[str, Any], before: Mapping[str, frozenset[str]]) -> None:
        if item["kind"] != "referral":
            assert not item["hub_shares"]
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
            self.notices[json.dumps([by, body["type"], body["referral_id"], body["data"]], sort_keys=True)] += 1

    async def take_back(self, by: str, consent: Agreed, taking: Taking, *, word: str) -> None:
        """Report that she takes back, or does the agency itself, as much as `taking` says."""
        agency = self.agency(by)
        scope = {"recipients": _listed(taking.recipients), "compartments": _listed(taking.names)}
        message = agency.head("revocation", consent_id=consent.id, by=word, **scope)
        answer = await agency.post(f"/v1/consents/{consent.id}/revocations", message)
        lawful = by not in self.disabled and may_take_back(by, consent, self.consents, self.cases)
        lawful = lawful and (word == "survivor" or consent.recorder == by)
        if not self._judged(answer, lawful, by, "revocation", about=f"{word} at {by}"):
            return
        index = answer.json()["receipt"]["ledger_index"]
        taken = Taking(message["id"], taking.recipients, taking.names)
        under = [case for case in self.cases.values() if consent in case.consent.ancestry()]
        carried = {case.id: case.consent.carries(case.recipient) for case in under}
        consent.takings.append(taken)
        for case in under:
            for name in case.loses(taken, carried[case.id]):
                self.lost_at.setdefault((case.id, name), index)

    def _judged(self, answer: httpx.Response, lawful: bool, by: str, kind: str, *, about: str) -> bool:
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

    # Other processes of the gateway.

    async def look(self) -> None:
        """Let another process do all that is due; when it looks once more, there is nothing left to do."""
        core = beside(self.mesh)
        try:
            await _work(core)
            done = len(self.beside().entries)
            await _work(core)
            assert len(self.beside().entries) == done, "a deadline was fired once more"
        finally:
            core.close()
        now = to_wire(self.now)
        with closing(self._connect()) as rows:
            for table, moment in (
                ("referrals", "next_clock_at"),
                ("referrals", "lapses_at"),
                ("holds", "next_limit_at"),
            ):
                left = rows.execute(f"SELECT count(*) FROM {table} WHERE {moment} <= ?", (now,)).fetchone()[0]
                assert left == 0, f"{moment} was left undone"

    async def crash(self, after: int) -> None:
        """Let another process die once it has written so many times."""
        core = beside(self.mesh)
        left = after

        def dying(statement: str) -> None:
            nonlocal left
            left -= statement.lstrip().upper().startswith(("INSERT", "UPDATE"))
            if left < 0:
                raise sqlite3.OperationalError("disk I/O error")

        watch(core.engine, before=dying)
        with suppress(MeshError, SQLAlchemyError):
            await _work(core)
        core.close()

    async def race(self) -> None:
        """Let a process read what is due, be overtaken by another, and go on with what it read."""
        slow, quick = beside(self.mesh), beside(self.mesh)
        overtaken: set[str] = set()

        def overtake(statement: str) -> None:
            for moment in ("next_clock_at", "next_limit_at", "lapses_at"):
                if f"{moment} <= " in statement and moment not in overtaken:
                    overtaken.add(moment)
                    asyncio.run(_work(quick))

        watch(slow.engine, after=overtake)
        try:
            await _work(slow)
        finally:
            slow.close()
            quick.close()
        assert overtaken == {"next_clock_at", "next_limit_at", "lapses_at"}

    # What is true now.

    def beside(self) -> Beside:
        """Read what the database holds."""
        with closing(self._connect()) as rows:
            referrals = {row["referral_id"]: _plain(row) for row in rows.execute("SELECT * FROM referrals")}
            holds = [_plain(row) for row in rows.execute("SELECT * FROM holds")]
            entries = [dict(row) for row in rows.execute("SELECT * FROM ledger_entries ORDER BY idx")]
            waiting = {row[0] for row in rows.execute("SELECT message_id FROM messages WHERE settled_at IS NULL")}
        return Beside(referrals, holds, entries, waiting)

    def follow(self, found: Beside) -> None:
        """Go along with what the gateway does by itself, as far as it may: end what nobody took, or what has lapsed."""
        for case in self.cases.values():
            row = found.referrals[case.id]
            over = case.consent.is_over(self.now)
            old = self.now - _sent_at(case) > GIVEN_UP_AFTER
            if row["state"] != case.state:
                assert row["state"] == "expired", f"INV-04: {case.state} became {row['state']} by itself"
                patience = UNHEARD_NOW if case.is_immediate else UNHEARD_FOR
                unheard = self.now - _sent_at(case) >= patience or (old and case.waiting)
                assert (case.state in UNHEARD and unheard) or (case.state in UNDECIDED and over), case.state
                case.becomes("expired")
            elif over and not any(half[2] for half in row["halves"].values()):
                case.gone |= case.names
            if over or old:  # what nobody took by then does not leave any more
                case.waiting = case.waiting and case.id in found.waiting
            assert case.waiting is (case.id in found.waiting)

    def _connect(self) -> sqlite3.Connection:
        path = self.mesh.settings.database_url.removeprefix("sqlite:///")
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        connection.row_factory = sqlite3.Row
        return connection


async def _work(core: Core) -> None:
    """Look once at everything that falls due."""
    bell = Bell()
    for duty in (clocks(core.sop), withdrawals(core.sop)):
        await open_watch(core, duty, bell).look()
    await Housekeeping(
        core.engine, writer=core.writer, clock=core.clock, telemetry=Telemetry("gateway"), bell=bell
    ).sweep()


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


def _plain(row: sqlite3.Row) -> dict[str, Any]:
    return {name: json.loads(row[name]) if _is_json(row[name]) else row[name] for name in row.keys()}  # noqa: SIM118


def _is_json(value: object) -> bool:
    return isinstance(value, str) and value[:1] in {"{", "["}
