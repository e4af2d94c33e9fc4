"""The gateway has its ledger witnessed: by agencies over HTTP, without anybody waiting for them, and not by liars."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.kernel.encoding import sha256_hex
from shared.ledger.checkpoint import Checkpoint, text_of_note
from shared.ledger.policy import Policy
from shared.ledger.proof_file import ProofFile
from shared.ledger.verifier import verify_proof
from shared.seal.cosignatures import Cosigner, read_witnessed
from tests.support.agency import a_grant
from tests.support.blank_databases import copied_file
from tests.support.console import auditor, opened
from tests.support.mesh import HEALTH, SOCIAL, Enrolled, Mesh, keys_of, running_mesh
from tests.support.serving import serving
from tests.support.witnesses import WITNESSES, policy_of, witness

LOG = keys_of("gateway").checkpoint_signer("gateway.test")
WITNESSED = "/ledger/witnessed-checkpoint"
#: What has nothing to do with the database is seen on one of them.
on_sqlite = pytest.mark.parametrize("enrolled", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("enrolled", ["postgresql"], indirect=True)
OFTEN = 0.05


@asynccontextmanager
async def agencies(folder: Path, *kinds: str) -> AsyncIterator[dict[str, str]]:
    """Run these as witnesses, each behind a real server; yields their addresses."""
    async with AsyncExitStack() as stack:
        addresses = {}
        for kind in kinds:
            app = await stack.enter_async_context(witness(kind, copied_file(folder, kind), folder / "ledger.policy"))
            addresses[kind] = await stack.enter_async_context(serving(app))
        yield addresses


@asynccontextmanager
async def watched(enrolled: Enrolled, folder: Path, policy: Policy) -> AsyncIterator[Mesh]:
    """Run a gateway that asks the witnesses of a policy."""
    file = folder / "ledger.policy"
    file.write_text(policy.text())
    changes: dict[str, Any] = {"ledger_policy": file, "witness_seconds": 0.1}
    async with running_mesh(enrolled.url, folder, secrets=enrolled.secrets, **changes) as mesh:
        yield mesh


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(30):
        while not (found := await look()):
            await asyncio.sleep(OFTEN)
        return found


async def read_note(mesh: Mesh) -> httpx.Response:
    return await mesh.oversight.http.get(WITNESSED)  # without a token: anybody may


async def note_of(mesh: Mesh, *, size: int) -> str:
    """The witnessed checkpoint, when it has come so far."""

    async def look() -> str | None:
        answer = await read_note(mesh)
        enough = answer.status_code == 200 and Checkpoint.of_note(answer.text).size >= size
        return answer.text if enough else None

    return str(await until(look))


async def size_of(mesh: Mesh) -> int:
    head = await mesh.oversight.http.get("/ledger/checkpoint")
    return Checkpoint.of_note(head.text).size


async def grown(mesh: Mesh) -> int:
    """Refer somebody, and return how many entries there are then."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    assert sent.answer.status_code == 202, sent.answer.text
    return await size_of(mesh)


async def test_the_agencies_witness_the_ledger_as_it_grows(enrolled: Enrolled, tmp_path: Path) -> None:
    async with agencies(tmp_path, "police", "health", "social") as addresses:
        policy = policy_of(LOG, addresses, least=2)
        async with watched(enrolled, tmp_path, policy) as mesh:
            for _ in range(2):
                found = read_witnessed(await note_of(mesh, size=await grown(mesh)), policy)
                assert found.suffices


async def test_when_nothing_comes_everybody_has_signed_and_the_head_is_the_witnessed_one(
    enrolled: Enrolled, tmp_path: Path
) -> None:
    async with agencies(tmp_path, "police", "health", "social") as addresses:
        policy = policy_of(LOG, addresses, least=3)
        async with watched(enrolled, tmp_path, policy) as mesh:
            note = await note_of(mesh, size=await grown(mesh))
            assert (await mesh.oversight.http.get("/ledger/checkpoint")).text == note
            assert read_witnessed(note, policy).witnesses == ("police", "health", "social")
            for address in addresses.values():
                own = await _own(address)
                assert text_of_note(own) == text_of_note(note)


async def _own(address: str) -> str:
    async with httpx.AsyncClient(base_url=address) as client:
        return (await client.get(f"/witness/{sha256_hex(b'gateway.test')}/checkpoint")).text


@on_sqlite
async def test_the_console_names_the_witnesses(enrolled: Enrolled, tmp_path: Path) -> None:
    async with (
        agencies(tmp_path, "police", "health") as addresses,
        watched(enrolled, tmp_path, policy_of(LOG, addresses, least=2)) as mesh,
    ):
        thu = await auditor(mesh)
        size = await grown(mesh)
        await note_of(mesh, size=size)
        for page in ("/console/ledger", "/console/ledger/entries/0"):
            assert f"{size} entries, by police, health" in (await opened(thu, page)).text
        (tmp_path / "ledger.policy").write_text("nothing of the kind")
        assert "not yet: too few witnesses have signed" in (await opened(thu, "/console/ledger")).text


async def test_the_proof_of_an_entry_leads_to_what_was_witnessed(enrolled: Enrolled, tmp_path: Path) -> None:
    async with agencies(tmp_path, "police", "health") as addresses:
        policy = policy_of(LOG, addresses, least=2)
        async with watched(enrolled, tmp_path, policy) as mesh:
            await note_of(mesh, size=await grown(mesh))
            for _ in range(3):  # none of which is witnessed yet, perhaps
                await grown(mesh)
            entry = (await mesh.oversight.get("/v1/ledger/entries")).json()["items"][0]
            answer = await mesh.oversight.get("/v1/ledger/proofs/inclusion.tlog-proof", index=entry["index"])
            file = ProofFile.parse(answer.text)
            assert verify_proof(file, entry["leaf"]) == []
            assert read_witnessed(file.note, policy).suffices


@on_sqlite
async def test_an_entry_that_is_not_witnessed_yet_is_proved_all_the_same(enrolled: Enrolled, tmp_path: Path) -> None:
    nobody = policy_of(LOG, {"police": "http://127.0.0.1:9"}, least=1)
    async with watched(enrolled, tmp_path, nobody) as mesh:
        await grown(mesh)
        entry = (await mesh.oversight.get("/v1/ledger/entries")).json()["items"][-1]
        answer = await mesh.oversight.get("/v1/ledger/proofs/inclusion.tlog-proof", index=entry["index"])
        assert verify_proof(ProofFile.parse(answer.text), entry["leaf"]) == []


@on_sqlite
async def test_a_witness_who_is_named_later_is_asked_though_nothing_has_come(
    enrolled: Enrolled, tmp_path: Path
) -> None:
    async with agencies(tmp_path, "police", "health") as addresses:
        first = policy_of(LOG, {"police": addresses["police"]}, least=1)
        async with watched(enrolled, tmp_path, first) as mesh:
            size = await grown(mesh)
            await note_of(mesh, size=size)
            both = policy_of(LOG, addresses, least=2)
            (tmp_path / "ledger.policy").write_text(both.text())
            await until(lambda: _has_signed(mesh, both))


async def _has_signed(mesh: Mesh, policy: Policy) -> bool:
    return read_witnessed((await read_note(mesh)).text, policy).suffices


async def test_too_few_witnesses_stop_no_referral_and_are_seen(enrolled: Enrolled, tmp_path: Path) -> None:
    async with agencies(tmp_path, "police") as addresses:
        policy = policy_of(LOG, {**addresses, "health": "http://127.0.0.1:9"}, least=2)
        async with watched(enrolled, tmp_path, policy) as mesh:
            size = await grown(mesh)
            await until(lambda: _has_cosigned(addresses["police"], size))
            answer = await read_note(mesh)
            assert (answer.status_code, answer.json()["code"]) == (404, "ledger.unwitnessed")
            metrics = (await mesh.oversight.http.get("/metrics")).text
            assert "mesh_ledger_witnessed_entries 0.0" in metrics
            waited = float(metrics.rpartition("\nmesh_ledger_unwitnessed_seconds ")[2].split()[0])
            assert waited > 0


async def _has_cosigned(address: str, size: int) -> bool:
    note = await _own(address)
    return not note.startswith("{") and Checkpoint.of_note(note).size >= size


@on_sqlite
async def test_what_was_witnessed_stays_when_witnesses_are_gone(enrolled: Enrolled, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        addresses = await stack.enter_async_context(agencies(tmp_path, "police", "health"))
        policy = policy_of(LOG, addresses, least=2)
        mesh = await stack.enter_async_context(watched(enrolled, tmp_path, policy))
        size = await grown(mesh)
        note = await note_of(mesh, size=size)
        file = tmp_path / "ledger.policy"
        file.write_text(policy_of(LOG, dict.fromkeys(addresses, "http://127.0.0.1:9"), least=2).text())
        await grown(mesh)
        assert (await read_note(mesh)).text == note


@on_sqlite
@pytest.mark.parametrize(
    "lie",
    ["another key", "another head", "more than the head", "nothing", "not text", "no size", "a long size", "500"],
)
async def test_a_witness_that_does_not_do_as_agreed_counts_for_nothing(
    enrolled: Enrolled, tmp_path: Path, lie: str
) -> None:
    asked = asyncio.Event()

    async def answer(request: Request) -> Response:
        body = (await request.body()).decode()
        head = body.partition("\n\n")[2].partition("\n\n")[0] + "\n"
        asked.set()
        return _lying(lie, head)

    app = Starlette(routes=[Route("/witness/add-checkpoint", answer, methods=["POST"])])
    async with agencies(tmp_path, "police") as addresses, serving(app) as liar:
        policy = policy_of(LOG, {**addresses, "health": liar}, least=1)
        async with watched(enrolled, tmp_path, policy) as mesh:
            note = await note_of(mesh, size=await grown(mesh))
            assert asked.is_set()
            assert read_witnessed(note, policy).witnesses == ("police",)


def _lying(lie: str, head: str) -> Response:
    name = "gateway.test/health"
    known = WITNESSES["health"].cosigner(name)
    answers: dict[str, tuple[int, Any]] = {
        "another key": (200, Cosigner(name, bytes(32)).cosign(head, at=1_700_000_000)),
        "another head": (200, known.cosign(head.replace("gateway.test\n", "gateway.test\n9"), at=1_700_000_000)),
        "more than the head": (200, "more\n\n" + known.cosign(head + "\nmore\n", at=1_700_000_000)),
        "nothing": (200, ""),
        "not text": (200, b"\xff\xfe\x00"),
        "no size": (409, "many\n"),
        "a long size": (409, "9" * 5000),
        "500": (500, "no"),
    }
    status, body = answers[lie]
    return Response(body, status)


async def test_a_gateway_that_was_set_back_is_not_witnessed_again(
    enrolled_file: Enrolled, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Restoring an old copy forgets what agencies hold receipts for: the witnesses remember, and say so."""
    origin, file = enrolled_file.url.removeprefix("sqlite:///"), tmp_path / "test.db"
    enrolled = Enrolled(f"sqlite:///{shutil.copy(origin, file)}", enrolled_file.secrets)
    async with agencies(tmp_path, "police", "health") as addresses:
        policy = policy_of(LOG, addresses, least=2)
        async with watched(enrolled, tmp_path, policy) as mesh:
            size = await grown(mesh)
            await note_of(mesh, size=size)
        for ending in ("-wal", "-shm"):
            file.with_name(file.name + ending).unlink(missing_ok=True)
        shutil.copy(origin, file)
        async with watched(enrolled, tmp_path, policy) as mesh:
            await until(lambda: _says(capfd, "witness.ahead"))
            while await size_of(mesh) <= size:
                await grown(mesh)
            await until(lambda: _says(capfd, "witness.refused"))
            assert (await read_note(mesh)).status_code == 404


@on_postgresql
async def test_gateways_that_overtake_one_another_raise_no_alarm(
    enrolled: Enrolled, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with agencies(tmp_path, "police", "health") as addresses:
        policy = policy_of(LOG, addresses, least=2)
        async with AsyncExitStack() as stack:
            several = [await stack.enter_async_context(watched(enrolled, tmp_path, policy)) for _ in range(3)]
            for _ in range(8):
                sizes = await asyncio.gather(*(grown(mesh) for mesh in several))
            note = await note_of(several[0], size=max(sizes))
            assert read_witnessed(note, policy).suffices
    assert "witness.unwilling" not in capfd.readouterr().err


async def _says(capfd: pytest.CaptureFixture[str], code: str) -> bool:
    return code in capfd.readouterr().err
