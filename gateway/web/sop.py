"""The procedure as data and JSON Schema, with its basis on each rule, for whoever codes against it."""

from functools import cached_property
from typing import Annotated, Any

from fastapi import APIRouter, Path

from shared.kernel.errors import NotFound
from shared.sop.model import Compartment, Sop
from shared.sop.register import as_document, compartment_document, service_document, services_document
from shared.web.conditional import ConditionalRoute

PUBLIC_PATHS = frozenset(
    {"/v1/sop", "/v1/sop/service-types", "/v1/sop/service-types/{code}", "/v1/sop/compartments/{name}"}
)
Code = Annotated[str, Path(pattern=r"^[A-Z]{3}-[0-9]{2}$")]
Name = Annotated[str, Path(max_length=64, json_schema_extra={"enum": [name.value for name in Compartment]})]


class SopRoutes:
    """The procedure over HTTP; its routes are public, as the procedure is."""

    def __init__(self, sop: Sop) -> None:
        self._sop = sop

    @cached_property
    def _whole(self) -> dict[str, Any]:
        return as_document(self._sop)

    @cached_property
    def _services(self) -> dict[str, Any]:
        return services_document(self._sop)

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["procedure"], route_class=ConditionalRoute)
        router.get("/v1/sop", summary="The whole procedure as data")(self.read_sop)
        router.get("/v1/sop/service-types", summary="All service types")(self.list_services)
        router.get("/v1/sop/service-types/{code}", summary="One service type")(self.read_service)
        router.get("/v1/sop/compartments/{name}", summary="The JSON Schema of one compartment's plaintext")(
            self.read_compartment
        )
        return router

    async def read_sop(self) -> dict[str, Any]:
        """Return everything, each rule with its basis."""
        return self._whole

    async def list_services(self) -> dict[str, Any]:
        """Return every service type."""
        return self._services

    async def read_service(self, code: Code) -> dict[str, Any]:
        """Return one service type."""
        service = self._sop.services.get(code)
        if service is None:
            raise NotFound("sop.service-unknown", "No such service type; see GET /v1/sop/service-types.")
        return service_document(service)

    async def read_compartment(self, name: Name) -> dict[str, Any]:
        """Return what the plaintext of a compartment must look like."""
        if name not in set(Compartment):
            raise NotFound("sop.compartment-unknown", "No such compartment; GET /v1/sop names them under compartments.")
        return compartment_document(self._sop, Compartment(name))
