"""What the rules of social services say of the steps of a referral's lifecycle."""

from typing import Final

from shared.agency.sector.guards import Guard

#: Asked in this order before a step is signed.
GUARDS: Final[tuple[Guard, ...]] = ()
