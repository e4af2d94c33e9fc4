"""The directory in the form of Open Referral's Human Services Data Specification (HSDS 3.1), for those who read that.

Follows the HSDS API reference 3.1: pages, and the members of organization, service, service area, schedule, attribute,
taxonomy and taxonomy term that the directory knows. Members it does not know are left out, never guessed.
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


class HsdsScheduleV1(Open):
    """When an agency is open, in the words of the directory: `24/7`, or rules such as `Mo-Fr 07:30-17:00; PH off`."""

    id: str
    description: str


class HsdsTaxonomyV1(Open):
    """What services are classified by: the procedure."""

    id: str
    name: str
    description: str
    uri: str
    version: str


class HsdsTermV1(Open):
    """A sector, or a service type below one; `code` is that of the procedure. Names are Vietnamese, then English."""

    id: str
    code: str
    name: str
    description: str
    language: Literal["vi"] = "vi"
    parent_id: str | None = None
    taxonomy: str
    taxonomy_id: str
    term_uri: str | None = None


class HsdsAttributeV1(Open):
    """What kind of service it is, as a term of the taxonomy."""

    id: str
    link_id: str
    link_entity: Literal["service"] = "service"
    link_type: Literal["service_type"] = "service_type"
    taxonomy_term_id: str
    taxonomy_term: HsdsTermV1


class HsdsServiceV1(Open):
    """A service of one agency. `alternate_name` is the code of its service type in the procedure."""

    id: str
    organization_id: str
    name: str
    alternate_name: str
    description: str
    status: Literal["active", "inactive"]
    organization: HsdsOrganizationV1
    service_areas: tuple[HsdsServiceAreaV1, ...]
    schedules: tuple[HsdsScheduleV1, ...]
    attributes: tuple[HsdsAttributeV1, ...]


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
