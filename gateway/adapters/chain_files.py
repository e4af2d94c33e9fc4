"""The file of one chain: its referrals, every entry of the ledger about it with its proof checked, what it rests on.

It holds ids, codes, times and agencies, as the gateway does. Who the case is about is not taken out of the database,
nor a half of a key, nor the text of a message: what is not here cannot be shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, and_, func, or_, select

from gateway.adapters.found_by import entries_of, entries_of_consents, of_chain
from gateway.adapters.holds import read_holds
from gateway.adapters.lines import read_consents
from gateway.adapters.overrides import override_from
from gateway.adapters.proving import ProvedEntry, Prover, SignedHead
from gateway.adapters.rows import fetch, grant_row, referral_of, taking_row
from gateway.adapters.statements import count_statements
from gateway.adapters.tables import HOLDS, LEDGER_ENTRIES, OVERRIDES, REFERRALS
from gateway.application.withdrawal_views import Reached
from gateway.domain.kept import DutyKept, Move, duties_kept
from gateway.domain.override import Override
from gateway.domain.referral import Referral
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import NotFound
from shared.seal.checkpoints import CheckpointSigner
from shared.sop.model import ReferralState, Sop
from shared.storage.engine import read

#: So many entries are proved at a time; a longer chain is read page by page.
ENTRIES_MOST: Final = 100
REFERRALS_MOST: Final = 200
_STATES: Final = frozenset(ReferralState)
_ENTRY = LEDGER_ENTRIES.c


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One referral of a chain, as oversight sees it."""

    referral_id: str
    parent_id: str | None
    linked_id: str | None
    replaces: str | None
    sender: str
    recipient: str
    service_type: str
    urgency: str
    state: str
    sent_at: str
    basis: str
    consent_id: str | None
    compartments: tuple[str, ...]
    next_due_at: str | None
    duties: tuple[DutyKept, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentStanding:
    """A consent that referrals of a chain rest on: who may receive what, until when, what was taken back."""

    consent_id: str
    state: str
    recorder: str
    valid_from: str
    valid_to: str
    lines: tuple[Mapping[str, Any], ...]
    takings: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ChainFile:
    """Everything the gateway can tell of a chain. `after` leads to its next entries."""

    chain_id: str
    links: tuple[ChainLink, ...]
    entries: tuple[ProvedEntry, ...]
    head: SignedHead
    consents: tuple[ConsentStanding, ...]
    holds: tuple[Reached, ...]
    overrides: tuple[Override, ...]
    statements: int
    entry_count: int
    after: int | None

    @property
    def unproved(self) -> tuple[ProvedEntry, ...]:
        """The entries about which something was found."""
        return tuple(entry for entry in self.entries if not entry.is_proved)

    @property
    def doubtful(self) -> tuple[ChainLink, ...]:
        """The referrals about which the ledger says otherwise than the record."""
        return tuple(link for link in self.links if link.findings)


class ChainFiles:
    """Opens the files of chains."""

    def __init__(self, engine: Engine, *, signer: CheckpointSigner, clock: Clock, sop: Sop) -> None:
        self._engine = engine
        self._signer = signer
        self._clock = clock
        self._sop = sop

    def open(self, chain_id: str, *, after: int | None = None) -> ChainFile:
        """Return the file of a chain, as of one moment. Raises `NotFound` (`chain.unknown`)."""
        with read(self._engine) as connection:
            referrals = _referrals(connection, chain_id)
            rests_on = {one.consent_id for one in referrals if one.consent_id}
            count, rows = _entries(connection, chain_id, rests_on, after)
            if not referrals and not count:
                raise NotFound("chain.unknown", "There is no chain with this number.")
            ids = [one.referral_id for one in referrals]
            prover = Prover(connection, self._signer)
            return ChainFile(
                chain_id=chain_id,
                links=tuple(self._links(connection, referrals)),
                entries=tuple(prover.proved(rows[:ENTRIES_MOST], chain_id=chain_id)),
                head=prover.head,
                consents=tuple(self._consents(connection, rests_on)),
                holds=tuple(read_holds(connection, HOLDS.c.referral_id.in_(ids), sop=self._sop, at=self._clock.now())),
                overrides=tuple(_overrides(connection, ids)),
                statements=count_statements(connection, chain_id, {one.subject for one in referrals}),
                entry_count=count,
                after=int(rows[ENTRIES_MOST - 1]["idx"]) if len(rows) > ENTRIES_MOST else None,
            )

    def _links(self, connection: Connection, referrals: Sequence[Referral]) -> Iterator[ChainLink]:
        now, moves = to_wire(self._clock.now()), _moves(connection, [one.referral_id for one in referrals])
        for one in referrals:
            moved = moves.get(one.referral_id, [])
            yield ChainLink(
                referral_id=one.referral_id,
                parent_id=one.parent_id,
                linked_id=one.linked_id,
                replaces=one.replaces,
                sender=one.sender,
                recipient=one.recipient,
                service_type=one.service_type,
                urgency=one.urgency.value,
                state=one.state.value,
                sent_at=one.sent_at,
                basis=one.basis.kind.value,
                consent_id=one.consent_id,
                compartments=tuple(sorted(name.value for name in one.halves)),
                next_due_at=one.next_due_at(),
                duties=tuple(duties_kept(one, moved, now=now)),
                findings=tuple(_told_otherwise(one, moved)),
            )

    def _consents(self, connection: Connection, wanted: set[str]) -> Iterator[ConsentStanding]:
        for consent in read_consents(connection, wanted):
            yield ConsentStanding(
                consent_id=consent.id,
                state=consent.state(self._clock.now()).value,
                recorder=consent.recorder,
                valid_from=to_wire(consent.valid_from),
                valid_to=to_wire(consent.valid_to),
                lines=tuple(map(grant_row, consent.grants)),
                takings=tuple(map(taking_row, consent.takings)),
            )


def _referrals(connection: Connection, chain_id: str) -> list[Referral]:
    found = select(REFERRALS).where(of_chain(chain_id)).order_by(REFERRALS.c.referral_id)
    return [referral_of(row) for row in fetch(connection, found.limit(REFERRALS_MOST))]


def _entries(
    connection: Connection, chain_id: str, consents: set[str], after: int | None
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many entries a chain has, and a page of them with one more, if there is one.

    What was done to the consents that it rests on is of no one chain, and belongs to the story of each.
    """
    theirs = and_(entries_of_consents(sorted(consents)), _ENTRY.chain_id.is_(None))
    mine = or_(_ENTRY.chain_id == chain_id, theirs)
    count = connection.execute(select(func.count()).select_from(LEDGER_ENTRIES).where(mine)).scalar_one()
    statement = select(LEDGER_ENTRIES).where(mine, _ENTRY.idx > (-1 if after is None else after))
    return int(count), fetch(connection, statement.order_by(_ENTRY.idx).limit(ENTRIES_MOST + 1))


def _overrides(connection: Connection, referral_ids: Sequence[str]) -> list[Override]:
    found = select(OVERRIDES).where(OVERRIDES.c.referral_id.in_(referral_ids)).order_by(OVERRIDES.c.referral_id)
    return [override_from(row) for row in fetch(connection, found)]


def _moves(connection: Connection, referral_ids: Sequence[str]) -> dict[str, list[Move]]:
    """Return the states that the ledger says referrals reached, oldest first."""
    statement = (
        select(_ENTRY.referral_id, _ENTRY.at, _ENTRY.state)
        .where(entries_of(referral_ids), _ENTRY.kind != "refusal", _ENTRY.state.in_(sorted(_STATES)))
        .order_by(_ENTRY.idx)
    )
    moves: dict[str, list[Move]] = {}
    for row in fetch(connection, statement):
        moves.setdefault(row["referral_id"], []).append(Move(row["at"], ReferralState(row["state"])))
    return moves


def _told_otherwise(referral: Referral, moves: Sequence[Move]) -> Iterator[str]:
    """Yield what the ledger says otherwise than the record: it was never admitted, or stands elsewhere."""
    if not moves:
        yield "record.unrecorded"
    elif moves[-1].state is not referral.state:
        yield "record.differs"
