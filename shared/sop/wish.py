"""What she wants, in words to be read aloud. Values only; what stands in them is in `shared/sop/data/wishes.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.sop.cited import Basis, Name


@dataclass(frozen=True, slots=True)
class WishGroup:
    """Wishes of one kind: the plain sentence of each, by the code of the service type it leads to."""

    id: str
    name: Name
    wishes: Mapping[str, Name]
    basis: Basis
