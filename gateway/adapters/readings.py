"""What is read without deciding anything: lists and single records, as the parties and oversight may see them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, select
from sqlalchemy import tuple_ as sql_tuple

from gateway.adapters import rows
from gateway.adapters.chain_search import Place
from gateway.adapters.found_by import entries_of
from gateway.adapters.lines import read_consents
from gateway.adapters.statements import count_statements, read_requests
from gateway.adapters.tables import LEDGER_ENTRIES, REFERRALS
from gateway.application.views import (
    compartments_view,
    consent_view,
    referral_answer,
    request_view,
    statements_view,
)
from shared.consent.giving import giving_document
from shared.consent.grant import Consent
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import NotFound
from shared.sop.model import Sop
from shared.storage.engine import read


@dataclass(frozen=True, slots=True)
class ReferralFilter:
    """What an agency asks of its list of referrals. `after` is the place of the last one of the page before."""

    box: str | None = None
    state: str | None = None
    overdue: bool = False
    since: str | None = None
    after: Place | None = None
    limit: int = 50


class Readings:
    """Read models over the gateway's records."""

    def __init__(self, engine: Engine, *, clock: Clock, sop: Sop) -> None:
        self._engine = engine
        self._clock = clock
        self._sop = sop

    def referrals(self, agency_id: str | None, wanted: ReferralFilter) -> tuple[list[dict[str, Any]], Place | None]:
        """Return an agency's referrals, or for oversight (None) everybody's, and the place of the last one.

        In the order in which they came, the oldest first, at most `limit`.
        """
        with read(self._engine) as connection:
            statements = oldest_of(agency_id, wanted, late_at=to_wire(self._clock.now()))
            unique = {row["referral_id"]: row for one in statements for row in rows.fetch(connection, one)}
        found = sorted(unique.values(), key=_place)[: wanted.limit]
        answers = [referral_answer(rows.referral_of(row), sop=self._sop) for row in found]
        return answers, _place(found[-1]) if found else None

    def referral(self, agency_id: str, referral_id: str) -> dict[str, Any]:
        """Return one referral with its history. Raises `NotFound` (`referral.unknown`) for any but its parties."""
        with read(self._engine) as connection:
            row = _first(connection, select(REFERRALS).where(REFERRALS.c.referral_id == referral_id))
            referral = rows.referral_of(row) if row else None
            if referral is None or referral.party(agency_id) is None:
                raise NotFound("referral.unknown", "No such referral of your agency.")
            entries = rows.fetch(
                connection,
                select(LEDGER_ENTRIES).where(entries_of([referral_id])).order_by(LEDGER_ENTRIES.c.idx),
            )
            history = [_history(entry) for entry in entries]
            told = count_statements(connection, referral.chain_id, {referral.subject})
            asked = read_requests(connection, referral_id) if referral.recipient == agency_id else []
        return {
            **referral_answer(referral, sop=self._sop, statements=told),
            "statements": statements_view(told),
            "statement_requests": [request_view(one, at=to_wire(self._clock.now())) for one in asked],
            "history": history,
            "compartments": compartments_view(referral),
        }

    def consent(self, agency_id: str, consent_id: str) -> dict[str, Any]:
        """Return a consent as far as an agency may see it: its recorder all, a recipient the lines that name it.

        A recipient that may refer onward sees the other lines too: it has to know to whom. Raises `NotFound`.
        """
        found = self.consents(agency_id, [consent_id])
        if not found:
            raise NotFound("consent.unknown", "No such consent that your agency recorded or is named in.")
        return found[0]

    def consents(self, agency_id: str, consent_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return several consents as `consent` does, by id; those that it may not see are left out."""
        with read(self._engine) as connection:
            found = read_consents(connection, consent_ids)
        return [
            self._shown(consent, agency_id)
            for consent in found
            if consent.recorder == agency_id or consent.names(agency_id)
        ]

    def _shown(self, consent: Consent, agency_id: str) -> dict[str, Any]:
        sees_all = consent.recorder == agency_id or consent.may_pass_on(agency_id)
        seen = [grant for grant in consent.grants if sees_all or agency_id in grant.recipients]
        takings = [rows.taking_row(taking) for taking in consent.takings]
        return {
            "consent": consent_view(consent, state=consent.state(self._clock.now()).value),
            **_terms(consent),
            **giving_document(consent.given),
            "grants": [
                {**rows.grant_row(grant), "recipients": sorted(grant.recipients) if sees_all else [agency_id]}
                for grant in seen
            ],
            "takings": takings if sees_all else _takings_for(takings, agency_id),
        }


def oldest_of(agency_id: str | None, wanted: ReferralFilter, *, late_at: str) -> list[Select[Any]]:
    """Return the queries of a list, each of which follows an index; what they find is put together."""
    criteria, place = list(_criteria(wanted, late_at=late_at)), (REFERRALS.c.received_at, REFERRALS.c.referral_id)
    sides: list[list[ColumnElement[bool]]] = [[]] if agency_id is None else _sides(agency_id, wanted.box)
    return [select(REFERRALS).where(*side, *criteria).order_by(*place).limit(wanted.limit) for side in sides]


def _sides(agency_id: str, box: str | None) -> list[list[ColumnElement[bool]]]:
    """Return the ways in which an agency takes part that are asked for: each has an index, both together have none."""
    sides = {"sent": REFERRALS.c.sender, "received": REFERRALS.c.recipient}
    return [[column == agency_id] for name, column in sides.items() if box in (None, name)]


def _criteria(wanted: ReferralFilter, *, late_at: str) -> Iterator[ColumnElement[bool]]:
    if wanted.state is not None:
        yield REFERRALS.c.state == wanted.state
    if wanted.overdue:
        yield REFERRALS.c.next_due_at < late_at
    if wanted.since is not None:
        yield REFERRALS.c.sent_at >= wanted.since
    if wanted.after is not None:
        yield sql_tuple(REFERRALS.c.received_at, REFERRALS.c.referral_id) > sql_tuple(*wanted.after)


def _place(row: Mapping[str, Any]) -> Place:
    return row["received_at"], row["referral_id"]


def _first(connection: Connection, statement: Select[Any]) -> dict[str, Any] | None:
    return next(iter(rows.fetch(connection, statement)), None)


#: How the lifecycle names what the ledger records of the gateway's own doing (wire section 5).
_GATEWAY_EVENTS = {
    ("referral", None): "sent",
    ("delivery", "stored"): "delivered",
    ("notice", "revoked"): "revoked",
    ("notice", "expired"): "expired",
}


def _history(entry: Mapping[str, Any]) -> dict[str, Any]:
    kind, code = entry["kind"], entry["code"]
    named = code if kind == "event" else _GATEWAY_EVENTS.get((kind, code)) or _GATEWAY_EVENTS.get((kind, None))
    return {
        "type": named or kind,
        "at": entry["at"],
        "by": entry["actor"],
        "ledger_index": entry["idx"],
        "code": None if named == code else code,
        "state": None if kind == "refusal" else entry["state"],
    }


def _terms(consent: Consent) -> dict[str, Any]:
    return {
        "subject": consent.subject,
        "recorder": consent.recorder,
        "valid_from": to_wire(consent.valid_from),
        "valid_to": to_wire(consent.valid_to),
        "purposes": sorted(consent.purposes),
        "withheld": sorted(consent.withheld),
        "derived_from": consent.derived_from,
    }


def _takings_for(takings: Sequence[Mapping[str, Any]], agency_id: str) -> list[dict[str, Any]]:
    """Return what was taken back from an agency, without the names of others it was taken back from."""
    return [
        {**taking, "recipients": [agency_id] if taking["recipients"] else taking["recipients"]}
        for taking in takings
        if not taking["recipients"] or agency_id in taking["recipients"]
    ]
