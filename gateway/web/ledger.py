"""The ledger over HTTP: entries and proofs as JSON, checkpoint and tiles as C2SP tlog-tiles, chains for tracing."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from gateway.adapters.evidence import EntryFilter, Evidence
from gateway.web.guards import require
from shared.kernel.identifiers import UUID7_PATTERN
from shared.ledger.tiles import parse_path
from shared.web import listing
from shared.web.listing import Paged
from shared.web.security import Principal
from shared.wire.answers import ChainV1, ConsistencyV1, InclusionV1, LedgerEntryV1, PageV1

Reader = Annotated[Principal, require("ledger.read", "oversight.read")]
Overseer = Annotated[Principal, require("oversight.read")]
Tracer = Annotated[Principal, require("referrals.send", "referrals.handle", "oversight.read")]
Uuid = Annotated[str, Path(pattern=UUID7_PATTERN)]
UuidQuery = Annotated[str | None, Query(pattern=UUID7_PATTERN)]
TilePath = Annotated[str, Path(max_length=80)]
LARGEST = 2**53
Size = Annotated[int, Query(ge=0, le=LARGEST)]
MaybeSize = Annotated[int | None, Query(ge=0, le=LARGEST)]

OVERSIGHT = "oversight.read"
#: Heads and tiles of hashes say nothing of anybody, and whoever watches the log needs them without asking for a
#: token. The entries themselves tell which agency did what when: they are for oversight alone.
WITNESSED = "/ledger/witnessed-checkpoint"
PUBLIC_PATHS = frozenset({"/ledger/checkpoint", WITNESSED, "/ledger/tile/{path:path}"})
_FOREVER = "public, max-age=31536000, immutable"


class LedgerRoutes:
    """The ledger and chains over HTTP."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["ledger"])
        router.get("/v1/ledger/entries", summary="Read ledger entries")(self.list_entries)
        proofs = "/v1/ledger/proofs"
        text, octets = _binary("text/plain"), _binary("application/octet-stream")
        router.get(f"{proofs}/inclusion", summary="Prove that an entry is in the ledger")(self.prove_inclusion)
        router.get(f"{proofs}/inclusion.tlog-proof", summary="The same as one file with the signed head", **text)(
            self.read_proof
        )
        router.get(f"{proofs}/consistency", summary="Prove that the ledger only grew")(self.prove_consistency)
        router.get("/v1/chains/{chain_id}", summary="Trace a chain of referrals with proofs")(self.trace_chain)
        router.get("/ledger/checkpoint", summary="The signed head of the ledger", **text)(self.read_checkpoint)
        witnessed = "The largest head of the ledger that its witnesses have cosigned"
        router.get(WITNESSED, summary=witnessed, **_refusing(text, 404))(self.read_witnessed)
        router.get("/ledger/tile/entries/{path:path}", summary="A bundle of entries", **octets)(self.read_bundle)
        router.get("/ledger/tile/{path:path}", summary="A tile of hashes", **octets)(self.read_tile)
        return router

    async def list_entries(
        self, caller: Reader, page: Paged, chain_id: UuidQuery = None, referral_id: UuidQuery = None
    ) -> PageV1[LedgerEntryV1]:
        """List entries in order: an agency's own and those of its referrals; for oversight all."""
        wanted = EntryFilter(
            reader=_reader(caller),
            chain_id=chain_id,
            referral_id=referral_id,
            after=page.after_int(),
            limit=page.limit,
        )
        found = await asyncio.to_thread(self._evidence.entries, wanted)
        last = (int(found[-1]["index"]),) if len(found) == page.limit else None
        return PageV1[LedgerEntryV1].model_validate(listing.answer(found, last=last))

    async def prove_inclusion(self, caller: Reader, index: Size, tree_size: MaybeSize = None) -> InclusionV1:
        """Return an inclusion proof (RFC 6962 section 2.1.1)."""
        return InclusionV1.model_validate(await asyncio.to_thread(self._evidence.inclusion, index, tree_size))

    async def read_proof(self, caller: Reader, index: Size) -> Response:
        """Return an inclusion proof that needs nothing else to be verified (C2SP tlog-proof)."""
        file = await asyncio.to_thread(self._evidence.proof_file, index)
        return Response(file, media_type="text/plain; charset=utf-8")

    async def prove_consistency(
        self,
        caller: Reader,
        first: Annotated[int, Query(alias="from", ge=0, le=LARGEST)],
        second: Annotated[int | None, Query(alias="to", ge=0, le=LARGEST)] = None,
    ) -> ConsistencyV1:
        """Return a consistency proof (RFC 6962 section 2.1.2)."""
        return ConsistencyV1.model_validate(await asyncio.to_thread(self._evidence.consistency, first, second))

    async def trace_chain(self, caller: Tracer, chain_id: Uuid) -> ChainV1:
        """Return a chain as far as the caller may see it."""
        return ChainV1.model_validate(await asyncio.to_thread(self._evidence.chain, chain_id, _reader(caller)))

    async def read_checkpoint(self) -> Response:
        """Return the checkpoint as a signed note."""
        note = await asyncio.to_thread(self._evidence.checkpoint)
        return Response(note, media_type="text/plain; charset=utf-8")

    async def read_witnessed(self) -> Response:
        """Return a checkpoint that a quorum of witnesses has cosigned, as a signed note (C2SP tlog-cosignature)."""
        note = await asyncio.to_thread(self._evidence.witnessed)
        return Response(note, media_type="text/plain; charset=utf-8")

    async def read_bundle(self, _caller: Overseer, path: TilePath) -> Response:
        """Return the entries below a tile, which never change."""
        data = await asyncio.to_thread(self._evidence.tile, parse_path(f"entries/{path}"))
        return Response(data, media_type="application/octet-stream")

    async def read_tile(self, path: TilePath) -> Response:
        """Return a tile of hashes, which never changes."""
        data = await asyncio.to_thread(self._evidence.tile, parse_path(path))
        return Response(data, media_type="application/octet-stream", headers={"Cache-Control": _FOREVER})


def _reader(caller: Principal) -> str | None:
    return None if OVERSIGHT in caller.scopes else caller.subject


def _binary(media_type: str) -> dict[str, Any]:
    schema = {"type": "string"} if media_type.startswith("text/") else {"type": "string", "format": "binary"}
    content = {media_type: {"schema": schema}}
    return {"response_class": Response, "responses": {200: {"description": "As C2SP defines it.", "content": content}}}


def _refusing(declared: dict[str, Any], status: int) -> dict[str, Any]:
    return declared | {"responses": declared["responses"] | {status: {"description": "There is none."}}}
