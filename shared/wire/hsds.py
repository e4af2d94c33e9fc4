"""The directory in the form of Open Referral's Human Services Data Specification (HSDS 3.1), for those who read that.

Follows the HSDS API reference 3.1: pages, and the members of organization, service and service area that the
directory knows. Members it does not know are left out, never guessed.
"""

from typing import Final, Generic, Literal, TypeVar

from shared.wire.fields import Open

#: The version of HSDS that is followed.
HSDS_VERSION: Final = "3.1"

_ItemT = TypeVar("_ItemT", bound=Open)


class HsdsAboutV1(Open):
    """What this is: the version of HSDS, where its reference is and where the machine-readable contract is."""

    version: str
    profile: str
    openapi_url: str


class HsdsOrganizationV1(Open):
    """An agency. `alternate_name` is its id in the mesh, `description` its name in English."""

    id: str
    name: str
    alternate_name: str
    description: str


class HsdsServiceAreaV1(Open):
    """Where a service is given: `name` is the code of a province (2 digits) or a commune (5 digits)."""

    id: str
    name: str


class HsdsServiceV1(Open):
    """A service of one agency. `alternate_name` is the code of its service type in the procedure."""

    id: str
    name: str
    alternate_name: str
    description: str
    status: Literal["active", "inactive"]
    organization: HsdsOrganizationV1
    service_areas: tuple[HsdsServiceAreaV1, ...]


class HsdsPageV1(Open, Generic[_ItemT]):
    """A page of an HSDS list; pages are counted from 1."""

    total_items: int
    total_pages: int
    page_number: int
    size: int
    first_page: bool
    last_page: bool
    empty: bool
    contents: tuple[_ItemT, ...]
