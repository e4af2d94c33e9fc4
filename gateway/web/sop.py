"""The procedure as data and JSON Schema, with its basis on each rule, for whoever codes against it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from shared.kernel.errors import NotFound
from shared.sop.model import Compartment, Sop
from shared.sop.register import as_document, compartment_document, service_document, services_document

PUBLIC_PATHS = frozenset(
    {"/v1/sop", "/v1/sop/service-types", "/v1/sop/service-types/{code}", "/v1/sop/compartments/{name}"}
)
Code = Annotated[str, Path(pattern=r"^[A-Z]{3}-[0-9]{2}$")]


def sop_router(sop: Sop) -> APIRouter:
    """Make the routes of the procedure; they are public, as the procedure is."""
    router = APIRouter(tags=["procedure"])
    whole, services = as_document(sop), services_document(sop)

    @router.get("/v1/sop", summary="The whole procedure as data")
    async def read_sop() -> dict[str, Any]:
        return whole

    @router.get("/v1/sop/service-types", summary="All service types")
    async def list_services() -> dict[str, Any]:
        return services

    @router.get("/v1/sop/service-types/{code}", summary="One service type")
    async def read_service(code: Code) -> dict[str, Any]:
        service = sop.services.get(code)
        if service is None:
            raise NotFound("sop.service-unknown", "No such service type; see GET /v1/sop/service-types.")
        return service_document(service)

    @router.get("/v1/sop/compartments/{name}", summary="The JSON Schema of one compartment's plaintext")
    async def read_compartment(name: Compartment) -> dict[str, Any]:
        return compartment_document(sop, name)

    return router
