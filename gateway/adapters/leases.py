"""Leases in the database. They are granted in the one sequence of the ledger's writers, so no place is given twice."""

from typing import Any

from sqlalchemy import Connection, select

from gateway.adapters.rows import Row, availability_of, fetch
from gateway.adapters.tables import AVAILABILITIES, LEASES, REFERRALS
from gateway.domain.agency import Availability
from gateway.domain.lease import Lease, Standing
from shared.sop.model import ReferralState
from shared.storage.book import Book


class LeaseShelf:
    """Leases within one unit of work. Implements `gateway.application.ports.Leases`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def get(self, lease_id: str) -> Lease | None:
        """Return a lease that has not been released or swept away."""
        row = self._book.get(LEASES, lease_id)
        return None if row is None else _lease(row)

    def availability(self, agency_id: str, service_type: str) -> Availability | None:
        """Return what the agency last said of the service."""
        row = self._book.get(AVAILABILITIES, f"{agency_id}/{service_type}")
        return None if row is None else availability_of(row)

    def standings(self, agency_id: str, service_type: str) -> list[Standing]:
        """Return every lease on this service of this agency, also those that take no place any more."""
        found = self._book.find(LEASES, LEASES.c.agency_id == agency_id, LEASES.c.service_type == service_type)
        self._book.prefetch(REFERRALS, [row["referral_id"] for row in found if row["referral_id"]])
        return [Standing(_lease(row), self._state_of(row["referral_id"])) for row in found]

    def run_out(self, *, at: str) -> list[Lease]:
        """Return the leases, of whatever service, that ran out unused."""
        found = self._book.find(LEASES, LEASES.c.expires_at <= at, LEASES.c.referral_id.is_(None))
        return [_lease(row) for row in found]

    def add(self, lease: Lease) -> None:
        """Keep a new lease."""
        self._book.insert(
            LEASES,
            {
                "id": lease.id,
                "agency_id": lease.agency_id,
                "service_type": lease.service_type,
                "holder": lease.holder,
                "subject": lease.subject,
                "expires_at": lease.expires_at,
            },
        )

    def use(self, lease: Lease) -> None:
        """Keep by which referral a lease was used."""
        self._book.update(LEASES, lease.id, referral_id=lease.referral_id)

    def drop(self, lease: Lease) -> None:
        """Forget a lease."""
        self._book.delete(LEASES, lease.id)

    def _state_of(self, referral_id: str | None) -> ReferralState | None:
        row = None if referral_id is None else self._book.get(REFERRALS, referral_id)
        return None if row is None else ReferralState(row["state"])


def read_standings(connection: Connection, service_type: str) -> list[Standing]:
    """Return every lease on this service type of any agency, for a reader."""
    joined = LEASES.outerjoin(REFERRALS, REFERRALS.c.referral_id == LEASES.c.referral_id)
    statement: Any = select(LEASES, REFERRALS.c.state.label("referral_state")).select_from(joined)
    return [
        Standing(_lease(row), None if row["referral_state"] is None else ReferralState(row["referral_state"]))
        for row in fetch(connection, statement.where(LEASES.c.service_type == service_type))
    ]


def _lease(row: Row) -> Lease:
    return Lease(
        id=row["id"],
        agency_id=row["agency_id"],
        service_type=row["service_type"],
        holder=row["holder"],
        subject=row["subject"],
        expires_at=row["expires_at"],
        referral_id=row["referral_id"],
    )
