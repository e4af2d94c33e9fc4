"""Results that need her own word before they leave: HIV, pregnancy, mental health (R-22).

Derived from the fact sheet, section 5 R-22: a consent to medical data is not yet one to these. Each kind needs its own
tick for each recipient. Pure.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final

RULE: Final = "R-22"


class Kind(StrEnum):
    """A kind of results; each is a field of the medical compartment."""

    HIV = "hiv"
    PREGNANCY = "pregnancy"
    MENTAL_HEALTH = "mental_health"


def unticked(medical: Mapping[str, Any], ticked: Collection[str]) -> list[Kind]:
    """Return the kinds that stand in a medical compartment without her tick for them."""
    return [kind for kind in Kind if kind in medical and kind not in ticked]
