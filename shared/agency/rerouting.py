"""Going on to the next agency by itself: drafted anew, sealed for it, signed and sent by the sending agency's service.

Owns the task that does it. That a referral is to go on is written in the unit of work that takes in the notice; that
it has, in the one that keeps the new letter. A crash between the two leaves it waiting, a crash after them leaves a
letter in the outbox; a notice that comes again finds it written. The gateway admits one successor and no second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.agency.acting import Caller
from shared.agency.drafting import draft_of
from shared.agency.going_on import consent_carries, enough, lasting, why_not
from shared.agency.grants import read_consent
from shared.agency.office import Office
from shared.agency.ports import Desk, Expected, Reading
from shared.agency.records import Holding, HoldingState, Letter, Referral, Reroute, RerouteState
from shared.agency.referring import Written, keep, pack, see_off, write
from shared.agency.requests import ReferralRequest
from shared.agency.settling import SYSTEM
from shared.kernel.errors import ConsentRequired, InputRejected, MeshError, NotFound, NotPermitted, PeerUnavailable
from shared.sop.model import Compartment, Stopped
from shared.telemetry.logs import get_logger
from shared.wire.parts import Preferences

#: Seconds between two looks; a notice that asks for going on wakes the task at once.
EVERY_SECONDS: Final = 1.0
_AT_ONCE: Final = 16
_OURSELVES: Final = Caller(SYSTEM, SYSTEM)

_log = get_logger("rerouting")


@dataclass(frozen=True, slots=True)
class _Case:
    """A referral that is to go on, with what it carried and the referrals it stands in for itself."""

    reroute: Reroute
    referral: Referral
    holdings: Sequence[Holding]
    line: Sequence[Referral]

    @property
    def following(self) -> str:
        """Return the agency that is next."""
        return self.reroute.next_agency or ""


class _Stop(Exception):
    """It may not go on; a person decides."""

    def __init__(self, why: Stopped) -> None:
        super().__init__(why.code)
        self.why = why


class Rerouting:
    """Goes on with what waits for it, a round at a time (`shared.agency.rounds`)."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def once(self) -> int:
        """Go on with what waits; return how many were decided. What cannot be decided now keeps waiting."""
        waiting = await self._office.store.read(lambda reading: reading.waiting_reroutes(limit=_AT_ONCE))
        return sum([await self._decided(one) for one in waiting])

    async def _decided(self, reroute: Reroute) -> bool:
        """Send, or say why not; False while that cannot be told."""
        try:
            case = await self._office.store.read(lambda reading: _case(reading, reroute, self._office))
            written = await self._written(case)
        except _Stop as stop:
            await self._stopped(reroute, stop.why)
            return True
        except PeerUnavailable as fault:
            _log.info("rerouting.later", code=fault.code)
            return False
        except MeshError as fault:  # whatever else is wrong with it, nobody is asked: a person decides
            _log.warning("rerouting.stopped", code=fault.code)
            await self._stopped(reroute, _reason_of(fault), refusal=fault.code)
            return True
        await self._send(case, written)
        return True

    async def _written(self, case: _Case) -> Written:
        """Check once more that it may go on, and write it. Raises `_Stop`, `PeerUnavailable` and as `draft_of`."""
        office, referral = self._office, case.referral
        service, rules = office.service(referral.service_type), office.sop.reroutes
        if why := why_not(referral, case.following, line=case.line, rules=rules):
            raise _Stop(why)
        contents = _contents(office, case)
        if not enough(contents, service):
            raise _Stop(Stopped.CONTENTS)
        consent_id = referral.consent_id or ""
        office.grants.forget(consent_id)
        lineage = [await self._live(consent_id), *await office.grants.lineage(consent_id)]
        if not consent_carries(lineage, referral, case.following, service=service, at=office.clock.now()):
            raise _Stop(Stopped.CONSENT)
        draft = await draft_of(office, _OURSELVES, _request(case, contents))
        parcel = await see_off(office, draft, pack(office, draft))
        if not enough(parcel.contents, service):
            raise _Stop(Stopped.CONSENT)
        return write(office, draft, parcel)

    async def _live(self, consent_id: str) -> Any:
        """Return the consent as the gateway knows it now: it may have been taken back through another agency."""
        try:
            return read_consent(await self._office.hub.get(f"/v1/consents/{consent_id}"))
        except (NotFound, NotPermitted) as fault:
            raise _Stop(Stopped.CONSENT) from fault

    async def _send(self, case: _Case, written: Written) -> None:
        """Keep the new referral with its letter, unless somebody has gone on meanwhile, and let it leave."""
        office, referral_id = self._office, case.referral.referral_id
        at = office.scribe.stamp()

        def work(desk: Desk) -> Sequence[Letter]:
            reroute, referral = desk.get(Reroute, referral_id), desk.get(Referral, referral_id)
            if reroute is None or reroute.state != RerouteState.WAITING or referral is None or referral.rerouted_to:
                return ()
            new = written.referral.referral_id
            desk.change(reroute, state=RerouteState.SENT.value, replacement=new, settled_at=at)
            keep(desk, written)
            desk.add(written.letter)
            office.notifier.tell(desk, "referral.rerouted", referral_id=referral_id, state=referral.state)
            return (written.letter,)

        expects: list[Expected] = [(Reroute, referral_id), (Referral, referral_id)]
        office.outbox.announce(await office.store.write(work, expects=expects))

    async def _stopped(self, reroute: Reroute, why: Stopped, *, refusal: str | None = None) -> None:
        def work(desk: Desk) -> None:
            known = desk.get(Reroute, reroute.referral_id)
            if known is not None and known.state == RerouteState.WAITING:
                changes = {"code": why.code, "refusal": refusal, "settled_at": at}
                desk.change(known, state=RerouteState.STOPPED.value, **changes)
                self._office.notifier.tell(desk, "referral.reroute-stopped", referral_id=reroute.referral_id)

        at = self._office.scribe.stamp()
        await self._office.store.write(work, expects=[(Reroute, reroute.referral_id)])


def _case(reading: Reading, reroute: Reroute, office: Office) -> _Case:
    referral = reading.get(Referral, reroute.referral_id)
    assert referral is not None  # noqa: S101  # referrals are never deleted, and this one was found
    line: list[Referral] = []
    before = referral.replaces
    while before is not None and len(line) <= office.sop.reroutes.most:
        found = reading.get(Referral, before)
        line += [found] if found else []
        before = found.replaces if found else None
    return _Case(reroute, referral, reading.holdings(referral.referral_id), line)


def _contents(office: Office, case: _Case) -> Mapping[Compartment, Any]:
    """Return what was sent, as far as it can still be read here."""
    referral = case.referral
    if referral.wrapped_key is None:
        return {}
    key = office.vault.open_referral(referral.referral_id, referral.wrapped_key)
    return {
        Compartment(one.name): key.unlock(one.name, one.content)
        for one in case.holdings
        if one.state == HoldingState.OPENED and one.content is not None
    }


def _request(case: _Case, contents: Mapping[Compartment, Any]) -> ReferralRequest:
    """Ask the next agency for the same, as it was asked before."""
    before = case.referral
    return ReferralRequest.model_validate(
        {
            "service_type": before.service_type,
            "recipient": case.following,
            "consent_id": before.consent_id,
            "urgency": before.urgency,
            "compartments": contents,
            "preferences": Preferences.model_validate(before.preferences),
            "facts": lasting(before.facts),
            "parent_id": before.parent_id,
            "linked_id": before.linked_id,
            "replaces": before.referral_id,
            "incident_at": before.incident_at,
            "area": before.area,
            "age_band": before.age_band,
            "phoned_first": before.phoned_first,
            "actor": SYSTEM,
        }
    )


def _reason_of(fault: MeshError) -> Stopped:
    if fault.code in {"agency.unknown", "key.invalid"}:
        return Stopped.AGENCY
    if isinstance(fault, ConsentRequired):
        return Stopped.CONSENT
    return Stopped.CONTENTS if isinstance(fault, InputRejected) else Stopped.REFUSED
