"""The consent a referral rests on, with everything it was derived from, as far as this service can know it.

What was recorded here is known from here. Her word to take it back may be given elsewhere: the record is renewed from
the gateway when a notice tells of that, and before anybody reads it. What another agency recorded is asked of the
gateway, which shows it to those it names; an answer is believed for a few seconds only, because consent can be taken
back. What a whole delivery rests on is asked for in one call.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.agency.directory import BRIEFLY
from shared.agency.gathering import Gathering
from shared.agency.ports import Desk, Hub, Store
from shared.agency.records import ConsentRecord
from shared.consent.giving import read_giving
from shared.consent.grant import Consent, Grant, Taking
from shared.kernel.clock import Clock, from_wire, to_wire
from shared.kernel.errors import InputRejected, MeshError, NotFound, NotPermitted
from shared.sop.model import Compartment

#: A line of derivation longer than this is not followed; the gateway refuses to record one.
DEEPEST: Final = 16
_BELIEVED: Final = timedelta(seconds=5)
_REMEMBERED_MOST: Final = 1_024
#: How many consents are asked for in one call at the most, and how long the next call gathers beside one.
_ASKED_MOST: Final = 50
_PATIENCE: Final = 0.05


class Grants:
    """Finds consents: recorded here, or shown by the gateway."""

    def __init__(self, store: Store, hub: Hub, clock: Clock) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._shown: dict[str, tuple[datetime, Consent | None]] = {}
        self._asking: Gathering[str, Consent | None] = Gathering(self._fetch, most=_ASKED_MOST, patience=_PATIENCE)

    async def lineage(self, consent_id: str) -> tuple[Consent, ...]:
        """Return a consent and its ancestors, nearest first, as far as they are shown to this agency.

        What this service is shown ends where an ancestor does not concern it; the last one returned then stands
        as if it had none, because the gateway, which sees the whole line, decides on it in any case.
        Raises `PeerUnavailable` when the gateway has to be asked and is away.
        """
        found: list[Consent] = []
        wanted: str | None = consent_id
        while wanted is not None and len(found) < DEEPEST:
            consent = await self.consent(wanted)
            if consent is None:
                return (*found[:-1], replace(found[-1], derived_from=None)) if found else ()
            found.append(consent)
            wanted = consent.derived_from
        return tuple(found)

    async def consent(self, consent_id: str) -> Consent | None:
        """Return one consent, or None when it is neither recorded here nor shown to this agency."""
        record = await self.recorded(consent_id)
        if record is not None:
            return consent_of_record(record)
        return await self._ask(consent_id)

    async def recorded(self, consent_id: str) -> ConsentRecord | None:
        """Return the record of a consent; None when it was recorded elsewhere."""
        return await self._store.read(lambda reading: reading.get(ConsentRecord, consent_id))

    async def renewed(self, record: ConsentRecord) -> ConsentRecord | None:
        """Return a record with what the gateway shows of its consent now; None when the gateway cannot tell."""
        self.forget(record.consent_id)
        try:
            async with asyncio.timeout(BRIEFLY):
                shown = await self._ask(record.consent_id)
        except (MeshError, TimeoutError):
            return None
        if shown is None:  # not registered yet, or refused
            return None
        takings = [_document(taking) for taking in shown.takings]
        return replace(record, state=shown.state(self._clock.now()).value, takings=takings)

    def forget(self, consent_id: str) -> None:
        """Stop believing what was shown of a consent: it has changed."""
        self._shown.pop(consent_id, None)

    async def _ask(self, consent_id: str) -> Consent | None:
        at, consent = self._shown.get(consent_id, (None, None))
        if at is not None and self._clock.now() - at < _BELIEVED:
            return consent
        return await self._asking.ask(consent_id)

    async def _fetch(self, consent_ids: Sequence[str]) -> Sequence[Consent | None]:
        """Ask the gateway for consents; what it does not show is None. Raises `PeerUnavailable`."""
        now, wanted = self._clock.now(), sorted(set(consent_ids))
        try:
            shown = _shown(await self._hub.get("/v1/consents", {"ids": ",".join(wanted)}))
        except (NotFound, NotPermitted, InputRejected):
            shown = {}
        if len(self._shown) >= _REMEMBERED_MOST:
            self._shown.clear()
        self._shown |= {one: (now, shown.get(one)) for one in wanted}
        return [shown.get(one) for one in consent_ids]


def _shown(answer: Mapping[str, Any]) -> dict[str, Consent]:
    found: dict[str, Consent] = {}
    for one in answer.get("items") or ():
        with suppress(InputRejected):  # as good as not shown
            consent = read_consent(one)
            found[consent.id] = consent
    return found


def keep_renewed(desk: Desk, shown: ConsentRecord) -> None:
    """Keep what was shown anew of a consent recorded here, unless something was taken back here since it was asked."""
    known = desk.get(ConsentRecord, shown.consent_id)
    if known is not None and _newest(shown) >= _newest(known):
        desk.change(known, state=shown.state, takings=shown.takings)


def consent_of_record(record: ConsentRecord) -> Consent:
    """Return a consent recorded here, less what was taken back."""
    return consent_of_statement({**record.statement, "takings": record.takings})


def read_consent(answer: Mapping[str, Any]) -> Consent:
    """Read a consent as the gateway shows it. Raises `InputRejected` (`consent.unknown`)."""
    try:
        standing = answer["consent"]
        return consent_of_statement({"recorded_at": answer["valid_from"], **answer, "id": standing["id"]})
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise InputRejected("consent.unknown", "The gateway's answer on this consent cannot be read.") from fault


def consent_of_statement(document: Mapping[str, Any]) -> Consent:
    """Return the consent that a statement makes, with what was taken back."""
    return Consent(
        id=document["id"],
        subject=document["subject"],
        recorder=document.get("recorder") or document["sender"],
        recorded_at=from_wire(document["recorded_at"]),
        valid_from=from_wire(document["valid_from"]),
        valid_to=from_wire(document["valid_to"]),
        purposes=frozenset(document["purposes"]),
        grants=tuple(_grant(grant) for grant in document["grants"]),
        withheld=frozenset(_withheld(one) for one in document.get("withheld") or ()),
        derived_from=document.get("derived_from"),
        takings=tuple(_taking(taking) for taking in document.get("takings") or ()),
        given=read_giving(document),
    )


def _grant(grant: Mapping[str, Any]) -> Grant:
    return Grant(
        recipients=frozenset(grant["recipients"]),
        service_types=frozenset(grant["service_types"]),
        compartments=frozenset(Compartment(name) for name in grant["compartments"]),
        onward=bool(grant["onward"]),
    )


def _withheld(one: str | Mapping[str, Any]) -> Compartment:
    return Compartment(one if isinstance(one, str) else one["compartment"])


def _taking(taking: Mapping[str, Any]) -> Taking:
    recipients: Sequence[str] | None = taking.get("recipients")
    compartments: Sequence[str] | None = taking.get("compartments")
    return Taking(
        at=from_wire(taking["at"]),
        by=taking["by"],
        recipients=None if recipients is None else frozenset(recipients),
        compartments=None if compartments is None else frozenset(Compartment(name) for name in compartments),
    )


def _newest(record: ConsentRecord) -> str:
    return max((taking["at"] for taking in record.takings), default="")


def _document(taking: Taking) -> dict[str, Any]:
    """Write a taking as the gateway shows it."""
    return {
        "at": to_wire(taking.at),
        "by": taking.by,
        "recipients": None if taking.recipients is None else sorted(taking.recipients),
        "compartments": None if taking.compartments is None else sorted(taking.compartments),
    }
