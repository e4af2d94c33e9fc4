"""The referrals that a new one names: the one it continues, and one of the same chain that is another person's.

A child has its own subject, consent and referral; `linked_id` says to whose it belongs, and nothing about either. Whom
the chain is kept from is kept from both. That a caregiver is not safe is remembered for the same person, for her alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gateway.application.ports import Desk
from gateway.domain.arrival import ReferralSent
from gateway.domain.referral import Referral
from shared.consent.giving import GUARDIAN_UNSAFE, BestInterest
from shared.consent.grant import Consent
from shared.consent.request import OtherBasis
from shared.kernel.errors import FieldFault, InputRejected


def continued(desk: Desk, command: ReferralSent) -> Referral | None:
    """Return the referral that this one continues. Raises `InputRejected` (`referral.parent`)."""
    if command.parent_id is None:
        return None
    message = "The parent must be a referral of this chain that your agency sent or received."
    return _of_chain(desk, command, command.parent_id, pointer="/parent_id", code="referral.parent", message=message)


def linked(desk: Desk, command: ReferralSent) -> Referral | None:
    """Return the other person's referral that this one is linked to. Raises `InputRejected` (`referral.linked`)."""
    if command.linked_id is None:
        return None
    message = "Link to a referral of this chain that your agency sent or received."
    found = _of_chain(desk, command, command.linked_id, pointer="/linked_id", code="referral.linked", message=message)
    if found.subject == command.subject:
        message = "A linked referral is another person's: give each person a subject and a consent of their own."
        raise _rejected("/linked_id", "referral.linked", message)
    return found


def names_own_chain(desk: Desk, command: ReferralSent) -> bool:
    """Say whether the chain that this one names is the sender's own: it has a part in every referral that it names."""
    named = [one for one in (command.parent_id, command.linked_id, command.replaces) if one is not None]
    found = [desk.referral(one) for one in named]
    return all(one is not None and _is_own(one, command) for one in found)


def remembering(command: ReferralSent, *before: Referral | None) -> ReferralSent:
    """Return the referral with what was said of her caregiver before: onward, too, he stays unsafe."""
    known = [one for one in before if one is not None and one.subject == command.subject and one.guardian_unsafe]
    return replace(command, facts={**command.facts, GUARDIAN_UNSAFE: True}) if known else command


def deciders(command: ReferralSent, lineage: Sequence[Consent]) -> Iterable[str]:
    """Return who decided in a child's best interest: whoever the case is kept from decides nothing in it."""
    decisions: list[BestInterest | None] = [consent.given.decision for consent in lineage]
    if isinstance(command.basis, OtherBasis):
        decisions.append(command.basis.decision)
    return [worker.actor for decision in decisions if decision is not None for worker in decision.workers]


def _of_chain(
    desk: Desk, command: ReferralSent, referral_id: str, *, pointer: str, code: str, message: str
) -> Referral:
    found = desk.referral(referral_id)
    if found is None or not _is_own(found, command):
        raise _rejected(pointer, code, message)
    return found


def _is_own(found: Referral, command: ReferralSent) -> bool:
    """Say whether a referral that is named is of the chain that is named, and the sender has a part in it."""
    return found.party(command.arrival.sender) is not None and found.chain_id == command.chain_id


def _rejected(pointer: str, code: str, message: str) -> InputRejected:
    return InputRejected(code, message, faults=[FieldFault(pointer, code, message)])
