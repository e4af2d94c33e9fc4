"""Consents as they stand: what was taken back of those that one was derived from was taken back of it too."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import Connection, select

from gateway.adapters.rows import consent_of, fetch
from gateway.adapters.tables import CONSENTS
from shared.consent.grant import Consent
from shared.consent.narrowing import with_takings_above


def read_consents(connection: Connection, consent_ids: Collection[str]) -> list[Consent]:
    """Return consents by their ids, in the order of these. Only where one is derived is there another look."""
    found = _by_id(connection, consent_ids)
    known, wanted = found, _parents(found)
    while wanted and (above := _by_id(connection, wanted)):
        known = {**known, **above}
        wanted = _parents(above) - known.keys()
    return [with_takings_above(consent, _above(consent, known)) for _, consent in sorted(found.items())]


def _by_id(connection: Connection, consent_ids: Collection[str]) -> dict[str, Consent]:
    rows = fetch(connection, select(CONSENTS).where(CONSENTS.c.id.in_(sorted(consent_ids))))
    return {row["id"]: consent_of(row) for row in rows}


def _parents(consents: Mapping[str, Consent]) -> set[str]:
    """Return what these were derived from, as far as it is not among them."""
    return {one.derived_from for one in consents.values() if one.derived_from is not None} - consents.keys()


def _above(consent: Consent, known: Mapping[str, Consent]) -> Iterator[Consent]:
    """Yield what a consent was derived from, nearest first."""
    parent = known.get(consent.derived_from or "")
    while parent is not None:
        yield parent
        parent = known.get(parent.derived_from or "")
