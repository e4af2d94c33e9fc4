"""Taking a case, or handing it over: the check for a conflict of interest that tells nobody whom the centre acts for.

Owns the blind index. The names are taken from what was referred and from nowhere else: no act and no route takes a name
to look for (R-11, R-17). They are compared as keyed digests and forgotten. Where the centre acts for the other side the
case is handed over exactly as when nobody here is free: the same act, record, entry in the journal, coded reason and
letters, in the same order, after the same look-ups and the same question to the gateway. Why is written nowhere.

Refuses to go on by itself for a sender several of whose cases were handed over lately: then two people decide, because
trying names one after the other would look like that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.legal_aid.messages.intake import IntakeRequest
from services.legal_aid.records import Intake, PartyEntry, last_intake
from services.legal_aid.rules.parties import HANDED_OVER, Side, kept, parties_of, sought
from services.legal_aid.worklists import SERVICES
from shared.agency.acting import Caller
from shared.agency.giving_back import another_agency, give_back
from shared.agency.ports import Desk, Look
from shared.agency.reading import AWAY, Visitor
from shared.agency.records import Letter, Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import open_file
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire
from shared.kernel.errors import Conflict, PeerUnavailable
from shared.sop.model import Compartment

#: Why the names are read, in the log of readings.
REASON: Final = "conflict_check"
#: The rule that bounds how often one sender's cases are handed over before two people decide.
PROBING: Final = "LEG-PROBING"

_WANTED: Final = frozenset({Compartment.IDENTITY, Compartment.PERPETRATOR})


@dataclass(frozen=True, slots=True)
class _Digests:
    """The parties of one case, blind: what is kept of them, and what would stand against taking it."""

    kept: tuple[str, ...]
    against: tuple[str, ...]


async def take_in(practice: Practice, caller: Caller, referral_id: str, request: IntakeRequest) -> Done:
    """Take a case, or hand it over (R-11). Raises `Conflict`, and `PeerUnavailable` while names cannot be opened."""
    office = practice.office
    referral = await office.referral(referral_id, request.actor, caller.pseudonym)
    digests = _blinded(practice, await _names(practice, caller, referral, request.actor))
    alternative = request.alternative or await another_agency(office, referral)
    back = give_back(office, referral, reason=HANDED_OVER, alternative=alternative)
    intake_id, at = practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        open_file(office, desk, referral_id, SERVICES)
        _require_open(practice, desk, referral, request, back)
        taken = not _stands_against(desk, referral_id, digests) and request.take
        new = _new_entries(desk, referral_id, digests) if taken else ()
        intake = Intake(
            intake_id=intake_id,
            referral_id=referral_id,
            sender=referral.sender,
            at=at,
            actor=request.actor,
            taken=taken,
            alternative=None if taken else alternative,
        )
        letters = () if taken else back
        for one in (intake, *new, *letters):
            desk.add(one)
        return Outcome(intake_id, letters)

    act = Act(name="legal-aid.intake", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def require_taken(practice: Practice, look: Look, referral_id: str) -> None:
    """Refuse an act of representation before the case was taken. Raises `Conflict` (`legal-aid.intake-first`, R-11)."""
    latest = last_intake(look, referral_id)
    if latest is None or not latest.taken:
        raise practice.rulebook.refused("legal-aid.intake-first")


async def _names(practice: Practice, caller: Caller, referral: Referral, actor: str) -> Mapping[str, Any]:
    """Open and return what was referred about the parties, by compartment; the reading is on record (R-24)."""
    visitor = Visitor(caller.client_id, actor, caller.pseudonym, REASON)
    seen = await practice.reader.shown(visitor, referral.referral_id, _WANTED)
    parts = seen["compartments"]
    if any(part.get("code") == AWAY for part in parts):
        message = "The names cannot be opened now: the gateway cannot be reached. Nothing was decided; try again."
        raise PeerUnavailable(AWAY, message, retry_after=5)
    return {part["name"]: part["content"] for part in parts if part.get("content") is not None}


def _blinded(practice: Practice, named: Mapping[str, Any]) -> _Digests:
    parties = parties_of(named.get(Compartment.IDENTITY), named.get(Compartment.PERPETRATOR))
    own: dict[str, None] = {}
    against: dict[str, None] = {}
    for party in parties:
        own |= dict.fromkeys(_digests(practice, kept(party), party.side))
        against |= dict.fromkeys(_digests(practice, sought(party), party.side.other))
    return _Digests(tuple(own), tuple(against))


def _digests(practice: Practice, texts: Iterable[str], side: Side) -> Sequence[str]:
    return [practice.office.vault.blind(text, f"legal-aid/party/{side.value}") for text in texts]


def _stands_against(desk: Desk, referral_id: str, digests: _Digests) -> bool:
    """Say whether the centre acts for the other side; every digest is looked for, whatever the first ones say."""
    found = [entry for digest in digests.against for entry in desk.find(PartyEntry, digest=digest)]
    return any(entry.referral_id != referral_id for entry in found)


def _new_entries(desk: Desk, referral_id: str, digests: _Digests) -> Sequence[PartyEntry]:
    entries = [PartyEntry(entry_id=f"{referral_id}/{one}", referral_id=referral_id, digest=one) for one in digests.kept]
    return [entry for entry in entries if desk.get(PartyEntry, entry.entry_id) is None]


def _require_open(
    practice: Practice, desk: Desk, referral: Referral, request: IntakeRequest, back: Sequence[Letter]
) -> None:
    """Refuse what would come out differently for one case than for another, before anything is compared."""
    latest = last_intake(desk, referral.referral_id)
    if latest is not None and not latest.taken:
        raise practice.rulebook.refused("legal-aid.handed-over")
    if not back:
        message = "This case cannot be given back as it stands, so it cannot be weighed either. Resume it first."
        raise Conflict("referral.transition", message)
    second = request.second not in {None, request.actor}
    if request.take and not second and _handed_over_lately(practice, desk, referral.sender):
        raise practice.rulebook.refused("legal-aid.second-person", pointer="/second")


def _handed_over_lately(practice: Practice, desk: Desk, sender: str) -> bool:
    """Say whether so many of a sender's cases were handed over that somebody may be trying names."""
    given = desk.find(Intake, sender=sender, taken=False)
    lately = [one for one in given if practice.rulebook.due(PROBING, from_wire(one.at)) > practice.now()]
    return len(lately) >= practice.rulebook.most(PROBING)
