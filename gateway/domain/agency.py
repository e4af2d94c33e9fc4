"""An agency as the directory knows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class AgencyStatus(StrEnum):
    """Whether an agency takes part. A disabled one can neither send nor receive."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Agency:
    """One directory entry. `revision` grows with every change of the directory, and is unique in it.

    `base_url` None means that the agency polls its inbox instead of being pushed to.
    """

    id: str
    name_vi: str
    name_en: str
    sectors: frozenset[str]
    areas: frozenset[str]
    services: frozenset[str]
    hours: str | None
    base_url: str | None
    jwks: Mapping[str, Any]
    status: AgencyStatus
    revision: int
    protected: bool = False
    sample: bool = False

    @property
    def is_active(self) -> bool:
        """Say whether the agency takes part now."""
        return self.status is AgencyStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class AgencyEnrolment:
    """What an operator states of an agency when enrolling it (or stating it anew).

    `webhook_secret` is one that was made beforehand; without it an agency that is new gets one.
    """

    id: str
    name_vi: str
    name_en: str
    sectors: frozenset[str]
    areas: frozenset[str]
    services: frozenset[str]
    jwks: Mapping[str, Any]
    base_url: str | None = None
    hours: str | None = None
    protected: bool = False
    sample: bool = False
    webhook_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Availability:
    """What an agency says of one of its services now; None and nothing listed mean that it does not say.

    `capacity` is how many places are free, those held by leases not taken off; `languages` are those of its
    staff, `interpreter_languages` those it has an interpreter for.
    """

    agency_id: str
    service_type: str
    accepting: bool
    capacity: int | None
    staff_genders: frozenset[str]
    languages: frozenset[str] = field(default_factory=frozenset)
    interpreter_languages: frozenset[str] = field(default_factory=frozenset)
    disability_access: bool | None = None
    children_welcome: bool | None = None
    updated_at: str = ""
