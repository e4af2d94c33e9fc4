"""What an auditor makes of witnesses: whoever has nothing to show is left out, and nobody ends the audit."""

from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mesh.witnesses import WITNESSED_WITHIN, Witnessed, witnessed
from shared.ledger.checkpoint import Checkpoint
from shared.seal.checkpoints import CheckpointSigner
from shared.seal.cosignatures import WitnessedNote
from tests.support.serving import serving
from tests.support.witnesses import ToldLedger, policy_of

LEDGER = ToldLedger(CheckpointSigner("gateway.test", bytes(range(32))))
POLICY = policy_of(LEDGER.signer, {"police": "http://police.test"}, least=1)
STRANGER = ToldLedger(CheckpointSigner("gateway.test", bytes(32)))


def note(ledger: ToldLedger, size: int) -> str:
    return ledger.signer.sign(ledger.head(size)[1].body())


@pytest.mark.parametrize("shown", ["nonsense", "", note(STRANGER, 9)])
async def test_a_witness_that_talks_nonsense_is_left_out(shown: str) -> None:
    async def answer(request: Request) -> Response:
        return PlainTextResponse(shown if "/witness/" in request.url.path else "no", 200 if shown else 500)

    async def nothing(_request: Request) -> Response:
        return PlainTextResponse("no", 404)

    app = Starlette(routes=[Route("/ledger/witnessed-checkpoint", nothing), Route("/{path:path}", answer)])
    async with serving(app) as url:
        policy = policy_of(LEDGER.signer, {"police": url}, least=1)
        found = await witnessed(url, policy, origin="gateway.test")
    assert (found.note, list(found.own)) == (None, [])


def codes(seen: Witnessed, size: int, *, waited: timedelta = timedelta()) -> list[str]:
    return [finding.code for finding in seen.findings(LEDGER.head(size)[1], waited=waited)]


def test_what_a_witness_has_seen_must_be_there() -> None:
    seen = Witnessed(POLICY, None, [LEDGER.head(9)[1]])
    assert codes(seen, 8) == ["ledger.truncated"]
    assert codes(seen, 9) == []


def test_too_few_signatures_on_what_is_published_are_said() -> None:
    few = Witnessed(POLICY, published(3, suffices=False), [])
    assert codes(few, 3) == ["ledger.unwitnessed"]
    assert few.size == 0


@pytest.mark.parametrize("size", [None, 3])
def test_a_gateway_that_hides_what_is_witnessed_is_found_out_in_time(size: int | None) -> None:
    """Whether it publishes nothing, or the head of last year."""
    behind = Witnessed(POLICY, None if size is None else published(size, suffices=True), [])
    assert codes(behind, 5, waited=WITNESSED_WITHIN) == []
    (finding,) = behind.findings(LEDGER.head(5)[1], waited=WITNESSED_WITHIN + timedelta(seconds=1))
    assert (finding.code, finding.index) == ("ledger.unwitnessed", size or 0)


def test_a_policy_that_asks_for_nobody_waits_for_nobody() -> None:
    nobody = Witnessed(replace(POLICY, quorum="none"), None, [])
    assert codes(nobody, 5, waited=timedelta(days=365)) == []


def published(size: int, *, suffices: bool) -> WitnessedNote:
    return WitnessedNote(Checkpoint.of_note(note(LEDGER, size)).body(), ("police",), suffices=suffices)
