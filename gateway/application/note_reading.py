"""Whether whom a note is for may read it: as the consent stands now, for the referral and for that agency.

A note goes with the case, so what counts is what its recipient may have. One that travels back to the sender of an
onward referral reaches an agency from which consent may have been taken back alone: then it is not for it either.
"""

from collections.abc import Sequence

from gateway.application.ask_opening import release_of
from gateway.application.ports import Desk
from gateway.domain.referral import Half, HalfState, Referral
from shared.consent.citation import by_consent
from shared.consent.decision import Decision, decide_release
from shared.consent.grant import Consent
from shared.sop.model import Compartment, Sop, Stage


def decide_note(
    desk: Desk, referral: Referral, *, reader: str | None, lineage: Sequence[Consent], sop: Sop
) -> Decision:
    """Say whether `reader` may read a note about a referral that rests on these consents."""
    question = release_of(referral, Compartment.NOTE, Half(Stage.TRIAGE, HalfState.SEALED, None))
    decision = decide_release(question, lineage=lineage, sop=sop, at=desk.at)
    taken_back = reader is not None and any(Compartment.NOTE in consent.taken(reader) for consent in lineage)
    return Decision.of((by_consent("consent.revoked", sop),)) if decision.permitted and taken_back else decision
