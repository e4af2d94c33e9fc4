"""Who may take consent back, on whose word, at which agency. Her own word is enough wherever her case is held.

| on whose word | reported by | of which consent |
|---|---|---|
| `survivor` | any agency that holds the case: it recorded, sent or received something under this consent, one it was \
derived from, or one derived from it | any of that line |
| `guardian` | the same agencies | one that a guardian gave for her, as long as no caregiver of hers is known to be \
unsafe |
| `recorder` | the agency that recorded this very consent | its own |

A guardian's word never takes back what she agreed to herself, nor what two workers decided in her best interest, and
none at all where a caregiver is not safe: that would let whoever controls her cut her off from help. Anybody else is
not told that the consent exists.
"""

from collections.abc import Sequence

from gateway.application.lineage import consent_lineage
from gateway.application.ports import Desk
from gateway.domain.referral import Referral
from shared.consent.giving import GUARDIANS
from shared.consent.grant import Consent
from shared.kernel.errors import NotFound, NotPermitted
from shared.sop.age import AgeRules

SURVIVOR, GUARDIAN, RECORDER = "survivor", "guardian", "recorder"


def check_revoker(
    desk: Desk, consent: Consent, under: Sequence[Referral], *, agency_id: str, by: str, rules: AgeRules
) -> None:
    """Check that an agency may report this revocation; `under` are the referrals of the consent and its derived ones.

    Raises `NotFound` (`consent.unknown`) for an agency that does not hold the case, `NotPermitted` (`consent.revoker`)
    for one that does, but on a word that does not take back this consent.
    """
    if not _holds_case(desk, consent, under, agency_id):
        raise unknown_consent()
    if by == RECORDER and consent.recorder != agency_id:
        raise NotPermitted("consent.revoker", "Only the agency that recorded this consent takes it back by itself.")
    if by == GUARDIAN:
        _check_guardian(desk, consent, under, rules=rules)


def _check_guardian(desk: Desk, consent: Consent, under: Sequence[Referral], *, rules: AgeRules) -> None:
    """Check that a guardian's word counts. One answer for every no: it must not tell who is held to be unsafe."""
    line = (*consent_lineage(desk, consent.id), *desk.derived_consents(consent.id))
    unsafe = any(member.given.knows_unsafe(rules) for member in line) or any(one.guardian_unsafe for one in under)
    if consent.given.grantor not in GUARDIANS or unsafe:
        raise NotPermitted("consent.revoker", "A guardian's word does not take this consent back: her own does.")


def unknown_consent() -> NotFound:
    """Return the one answer to whoever has nothing to do with a consent, whether or not it exists."""
    return NotFound("consent.unknown", "No such consent that your agency recorded or holds data under.")


def _holds_case(desk: Desk, consent: Consent, under: Sequence[Referral], agency_id: str) -> bool:
    if consent.recorder == agency_id or any(referral.party(agency_id) for referral in under):
        return True
    line = consent_lineage(desk, consent.id)
    family = [line[-1], *desk.derived_consents(line[-1].id)] if line else []
    if any(member.recorder == agency_id for member in family):
        return True
    return any(referral.party(agency_id) for referral in desk.referrals_under([member.id for member in family]))
