"""Who may consent, by age: the rule table and what a decision in a child's best interest takes. Values only.

What stands in the table, and on what it rests, is in `shared/sop/data/ages.toml`, read by `shared.sop.ages`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.sop.cited import Basis, Name
from shared.sop.codes import AgeBand, Assent, Grantor, Sector


@dataclass(frozen=True, slots=True)
class ConsentWay:
    """One way in which consent may be given at an age: by whom, and what the child must have said beside it.

    `assent` empty: the child is not asked for it, only told. Otherwise one of these must be recorded.
    """

    id: str
    age_band: AgeBand
    grantors: frozenset[Grantor]
    assent: frozenset[Assent]
    says: Name
    basis: Basis


@dataclass(frozen=True, slots=True)
class BestInterestRules:
    """What a decision in a child's best interest takes: how many workers, one of which sector, and why it was made."""

    id: str
    workers: int
    sector: Sector
    reasons: Mapping[str, Name]
    says: Name
    basis: Basis


@dataclass(frozen=True, slots=True)
class CaregiverRules:
    """A caregiver who is not safe gives no consent, takes none back, is not called and sees nothing.

    `reason`: the best-interest reason that says the same. `named_as`: words for a caregiver that do not say which
    one, so none of them may stand for a safe telephone.
    """

    id: str
    reason: str
    named_as: frozenset[str]
    says: Name
    basis: Basis


@dataclass(frozen=True, slots=True)
class AgeRules:
    """Who may consent for whom. Every age band has at least one way; an unknown age is that of a child."""

    ways: Mapping[AgeBand, tuple[ConsentWay, ...]]
    best_interest: BestInterestRules
    unsafe: CaregiverRules
    ways_of: Mapping[tuple[AgeBand, Grantor], tuple[ConsentWay, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the ways at each age by who may go them: they are looked up for every consent of every referral."""
        open_to = {
            (band, grantor): tuple(way for way in ways if grantor in way.grantors)
            for band, ways in self.ways.items()
            for grantor in Grantor
        }
        object.__setattr__(self, "ways_of", open_to)
