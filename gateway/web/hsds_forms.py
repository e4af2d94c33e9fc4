"""What is in the directory and in the procedure, in the form of HSDS: organizations, services, taxonomy terms.

Ids are derived from those of the directory and of the procedure, so that they stay the same and nothing is kept for
them. What a reader may not see of a protected site is not in these forms, so nothing can be found by it either (R-18).
"""

from collections.abc import Sequence
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from gateway.domain.agency import Agency
from gateway.domain.masking import shown_areas, shown_name
from shared.sop.model import Name, Sector, ServiceType, Sop
from shared.wire.hsds import (
    HsdsAttributeV1,
    HsdsOrganizationV1,
    HsdsScheduleV1,
    HsdsServiceAreaV1,
    HsdsServiceV1,
    HsdsTaxonomyV1,
    HsdsTermV1,
)

_NAME: Final = "Referral Mesh procedure"
_DESCRIPTION: Final = "Sectors and service types of the procedure; GET /v1/sop tells what each rests on."


class Classification:
    """The procedure as a taxonomy: sectors, and the service types below them."""

    def __init__(self, sop: Sop, *, url: str) -> None:
        """Take the procedure, and the address at which it is read."""
        self._url = url
        self.taxonomy = HsdsTaxonomyV1(
            id=_id("taxonomy", sop.version),
            name=_NAME,
            description=_DESCRIPTION,
            uri=f"{url}/v1/sop",
            version=sop.version,
        )
        sectors = [self._term(sector.value, sop.sector_names[sector]) for sector in sorted(_sectors(sop))]
        self._types = {code: self._type(sop.services[code]) for code in sorted(sop.services)}
        self.terms: Sequence[HsdsTermV1] = (*sectors, *self._types.values())

    def term(self, code: str) -> HsdsTermV1:
        """Return the term of a service type."""
        return self._types[code]

    def _type(self, service: ServiceType) -> HsdsTermV1:
        uri = f"{self._url}/v1/sop/service-types/{service.code}"
        return self._term(service.code, service.name, parent=service.sector.value, uri=uri)

    def _term(self, code: str, name: Name, *, parent: str | None = None, uri: str | None = None) -> HsdsTermV1:
        return HsdsTermV1(
            id=_id("term", code),
            code=code,
            name=name.vi,
            description=name.en,
            parent_id=_id("term", parent) if parent else None,
            taxonomy=self.taxonomy.uri,
            taxonomy_id=self.taxonomy.id,
            term_uri=uri,
        )


def organization_of(agency: Agency, *, reader: str) -> HsdsOrganizationV1:
    """Return an agency as `reader` may see it."""
    name = shown_name(agency, reader=reader)
    return HsdsOrganizationV1(id=_id(agency.id), name=name.vi, alternate_name=agency.id, description=name.en)


def service_of(agency: Agency, term: HsdsTermV1, *, reader: str) -> HsdsServiceV1:
    """Return a service of an agency as `reader` may see it."""
    code, organization = term.code, organization_of(agency, reader=reader)
    service_id, areas = _id(agency.id, code), sorted(shown_areas(agency, reader=reader))
    return HsdsServiceV1(
        id=service_id,
        organization_id=organization.id,
        name=term.name,
        alternate_name=code,
        description=term.description,
        status="active" if agency.is_active else "inactive",
        organization=organization,
        service_areas=tuple(HsdsServiceAreaV1(id=_id(agency.id, code, area), name=area) for area in areas),
        schedules=_schedules(agency),
        attributes=(
            HsdsAttributeV1(
                id=_id(agency.id, code, "type"), link_id=service_id, taxonomy_term_id=term.id, taxonomy_term=term
            ),
        ),
    )


def _schedules(agency: Agency) -> tuple[HsdsScheduleV1, ...]:
    if agency.hours is None:
        return ()
    return (HsdsScheduleV1(id=_id(agency.id, "hours"), description=agency.hours),)


def _sectors(sop: Sop) -> set[Sector]:
    return {service.sector for service in sop.services.values()}


def _id(*names: str) -> str:
    return str(uuid5(NAMESPACE_URL, ":".join(("urn:mesh:agency", *names))))
