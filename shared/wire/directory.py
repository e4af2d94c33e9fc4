"""The directory on the wire: who there is, who accepts now, who fits (wire contract, sections 6 and 8)."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictBool, StrictInt

from shared.wire.fields import AgencyId, Area, Closed, Language, Open, ServiceCode, Time
from shared.wire.parts import Preferences

CAPACITY_MOST: Final = 100_000
EXCLUDE_MOST: Final = 64


class NameV1(Open):
    """A name in Vietnamese and English."""

    vi: str
    en: str


class JwksV1(Open):
    """Public keys (RFC 7517): ES256 with `use` sig, X25519 or the hybrid with `use` enc."""

    keys: tuple[dict[str, Any], ...]


class AgencyV1(Open):
    """One agency as the directory shows it."""

    id: str
    name: NameV1
    sectors: tuple[str, ...]
    areas: tuple[str, ...]
    services: tuple[str, ...]
    hours: Any
    delivery: Literal["push", "pull"]
    jwks: JwksV1
    status: str


class AvailabilityV1(Closed):
    """What an agency says of one of its services: whether it takes people now, how many, met by whom."""

    service_type: ServiceCode
    accepting: StrictBool
    capacity: Annotated[StrictInt, Field(ge=0, le=CAPACITY_MOST)] | None = None
    staff_genders: Annotated[tuple[Literal["female", "male"], ...], Field(max_length=2)] = ()
    languages: Annotated[tuple[Language, ...], Field(max_length=64)] = ()


class MatchRequestV1(Closed):
    """Who could take her: service, place, how she wants to be met, and who must not be proposed."""

    service_type: ServiceCode
    area: Area
    preferences: Preferences = Preferences()
    at: Time | None = None
    exclude: Annotated[tuple[AgencyId, ...], Field(max_length=EXCLUDE_MOST)] = ()


class MatchV1(Open):
    """One proposed agency, with the codes of what speaks for and against it."""

    agency: str
    name: NameV1
    score: float
    reasons: tuple[str, ...]


class MatchesV1(Open):
    """Proposed agencies, best first."""

    items: tuple[MatchV1, ...]
