"""What an auditor makes of witnesses: whoever has nothing to show is left out, and nobody ends the audit."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mesh.witnesses import Witnessed, witnessed
from shared.ledger.checkpoint import Checkpoint
from shared.seal.checkpoints import CheckpointSigner
from shared.seal.cosignatures import WitnessedNote
from tests.support.serving import serving
from tests.support.witnesses import ToldLedger, policy_of

LEDGER = ToldLedger(CheckpointSigner("gateway.test", bytes(range(32))))
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


def test_what_a_witness_has_seen_must_be_there() -> None:
    seen = Witnessed(None, [LEDGER.head(9)[1]])
    assert [finding.code for finding in seen.findings(LEDGER.head(8)[1])] == ["ledger.truncated"]
    assert seen.findings(LEDGER.head(9)[1]) == []


def test_too_few_signatures_on_what_is_published_are_said() -> None:
    few = Witnessed(WitnessedNote(Checkpoint.of_note(note(LEDGER, 3)).body(), ("police",), suffices=False), [])
    assert [finding.code for finding in few.findings(LEDGER.head(3)[1])] == ["ledger.unwitnessed"]
