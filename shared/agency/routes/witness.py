"""The routes of a witness (C2SP tlog-witness 1.0.0), in the words of that protocol: text in, text out."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from shared.agency.witness.witnessing import Witness
from shared.kernel.errors import InputRejected
from shared.ledger.witness import MovedOn
from shared.web.problems import problem_response
from shared.wire.problem import MEDIA_TYPE, ProblemV1

PREFIX: Final = "/witness"
ADD: Final = f"{PREFIX}/add-checkpoint"
LATEST: Final = f"{PREFIX}/{{origin_sha256}}/checkpoint"
PUBLIC_PATHS: Final = frozenset({ADD, LATEST})
#: The largest note, its proof, and a little more.
SUBMISSION_MOST: Final = 128 * 1024
SIZE: Final = "text/x.tlog.size"

_TEXT: Final = "text/plain"
_BAD_REQUEST: Final = 400
_CONFLICT: Final = 409
_UNREADABLE: Final = frozenset({"witness.malformed", "witness.size", "ledger.checkpoint"})

_TEXT_CONTENT: Final[dict[str, Any]] = {_TEXT: {"schema": {"type": "string"}}}
_SIZE_CONTENT: Final[dict[str, Any]] = {SIZE: {"schema": {"type": "string"}}}
_PROBLEM_CONTENT: Final[dict[str, Any]] = {
    MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemV1.__name__}"}}
}
_COSIGNED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The cosignature, as a line of a note.", "content": _TEXT_CONTENT},
    400: {"description": "No submission, or one that leads backwards.", "content": _PROBLEM_CONTENT},
    403: {"description": "The ledger has not signed it."},
    404: {"description": "No ledger that is witnessed here."},
    409: {"description": "The size that is known here.", "content": _SIZE_CONTENT},
}
_KNOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A note that the ledger and this witness have signed.", "content": _TEXT_CONTENT}
}

OriginHash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the ledger's origin.")]


def witness_router(witness: Witness) -> APIRouter:
    """Make the routes by which the gateway gets cosignatures, and anybody the head that was cosigned last."""
    router = APIRouter(tags=["witness"])

    @router.post(
        ADD,
        summary="Cosign a head of the ledger that continues the one cosigned last",
        openapi_extra={"requestBody": {"required": True, "content": _TEXT_CONTENT}},
        response_class=Response,
        responses=_COSIGNED,
    )
    async def add_checkpoint(request: Request) -> Response:
        try:
            return _text(await witness.add_checkpoint(_read(await request.body())))
        except MovedOn as moved:
            return Response(f"{moved.size}\n", _CONFLICT, {"Content-Type": SIZE})  # no charset: the protocol has none
        except InputRejected as refusal:
            return problem_response(refusal, status=_BAD_REQUEST if refusal.code in _UNREADABLE else None)

    @router.get(
        LATEST, summary="The head of a ledger that was cosigned last", response_class=Response, responses=_KNOWN
    )
    async def latest(origin_sha256: OriginHash) -> Response:
        return _text(await witness.latest(origin_sha256))

    return router


def _read(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise InputRejected("witness.malformed", "Send the request of tlog-witness, as text in UTF-8.") from None


def _text(content: str) -> Response:
    return Response(content, media_type=f"{_TEXT}; charset=utf-8")
