"""Case conferences: why one is called, what can be agreed there. Values.

What stands here, and on what it rests, is in `shared/sop/data/conference.toml`, read by `shared.sop.conferences`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.sop.cited import Basis, Name

#: The service type by which an agency is invited.
INVITATION: Final = "COO-01"


@dataclass(frozen=True, slots=True)
class ConferenceRules:
    """Why a conference is called, and what can be agreed there."""

    reasons: Mapping[str, Name]
    actions: Mapping[str, Name]
    basis: Basis
