"""An agency as a witness (C2SP tlog-witness): it signs what only grew, remembers that, and says so in its words."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from shared.agency.adapters.witness_tables import WITNESSED_LEDGERS
from shared.ledger.checkpoint import Checkpoint
from shared.seal.checkpoints import CheckpointSigner
from shared.seal.cosignatures import read_witnessed
from shared.storage.engine import open_engine
from shared.web.factory import MeshApp
from tests.support.agency_services import databases
from tests.support.witnesses import ADD, WITNESSES, ToldLedger, latest_of, policy_of, witness

__all__ = ["databases"]

ORIGIN = "gateway.test"
LEDGER = ToldLedger(CheckpointSigner(ORIGIN, bytes(range(32))))
POLICY = policy_of(LEDGER.signer, {"health": "http://health.test"}, least=1)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "ledger.policy"
    file.write_text(POLICY.text())
    return file


@pytest.fixture
async def health(databases: Callable[[str], str], policy: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with witness("health", databases("health"), policy) as app, calling(app) as client:
        yield client


@asynccontextmanager
async def calling(app: MeshApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://health.test") as client:
        yield client


async def asked(client: httpx.AsyncClient, text: str | bytes) -> tuple[int, str]:
    answer = await client.post(ADD, content=text, headers={"Content-Type": "text/plain"})
    is_problem = answer.headers["content-type"].startswith("application/problem")
    return answer.status_code, answer.json()["code"] if is_problem else answer.text


async def known(client: httpx.AsyncClient) -> Checkpoint:
    answer = await client.get(latest_of(ORIGIN))
    assert answer.status_code == 200, answer.text
    assert read_witnessed(answer.text, POLICY).witnesses == ("health",), "signed by both"
    return Checkpoint.of_note(answer.text)


async def test_what_only_grew_is_cosigned_and_remembered(health: httpx.AsyncClient) -> None:
    assert (await health.get(latest_of(ORIGIN))).status_code == 404
    for old, size in ((0, 3), (3, 3), (3, 8), (8, 300)):
        submission = LEDGER.submission(old, size)
        status, line = await asked(health, submission)
        assert status == 200
        note = submission.partition("\n\n")[2] + line
        assert read_witnessed(note, POLICY).witnesses == ("health",)
        assert await known(health) == LEDGER.head(size)[1]


async def test_the_same_head_is_answered_with_the_same_line(health: httpx.AsyncClient) -> None:
    first = await asked(health, LEDGER.submission(0, 5))
    assert await asked(health, LEDGER.submission(5, 5)) == first


async def test_a_witness_that_got_another_name_signs_the_same_head_anew(
    health: httpx.AsyncClient, policy: Path
) -> None:
    await asked(health, LEDGER.submission(0, 5))
    renamed = WITNESSES["health"].cosigner("witness.health.example")
    known = POLICY.witnesses[0]
    policy.write_text(POLICY.text().replace(known.vkey, renamed.verifier.vkey()))
    status, line = await asked(health, LEDGER.submission(5, 5))
    assert (status, line.split()[1]) == (200, "witness.health.example")


@pytest.mark.parametrize(("size", "since"), [(5, 4), (9, 2), (9, 0)])
async def test_history_that_was_changed_is_not_cosigned(health: httpx.AsyncClient, size: int, since: int) -> None:
    await asked(health, LEDGER.submission(0, 5))
    told = LEDGER.submission(5, size, told="otherwise", since=since)
    assert await asked(health, told) == (422, "witness.inconsistent")
    assert await known(health) == LEDGER.head(5)[1]


async def test_whoever_does_not_know_the_size_is_told_it_in_the_words_of_the_protocol(
    health: httpx.AsyncClient,
) -> None:
    await asked(health, LEDGER.submission(0, 5))
    for old in (0, 4, 6):
        answer = await health.post(ADD, content=LEDGER.submission(old, 7))
        assert (answer.status_code, answer.text, answer.headers["content-type"]) == (409, "5\n", "text/x.tlog.size")


async def test_a_ledger_that_became_shorter_is_not_cosigned(health: httpx.AsyncClient) -> None:
    await asked(health, LEDGER.submission(0, 5))
    assert await asked(health, LEDGER.submission(5, 4)) == (400, "witness.size")
    assert await asked(health, LEDGER.submission(4, 4)) == (409, "5\n")


async def test_what_the_ledger_has_not_signed_is_not_looked_at(health: httpx.AsyncClient) -> None:
    stranger = ToldLedger(CheckpointSigner(ORIGIN, bytes(32)))
    assert await asked(health, stranger.submission(0, 5)) == (403, "witness.signature")
    spoilt = LEDGER.submission(0, 5).replace("\n5\n", "\n6\n")
    assert await asked(health, spoilt) == (403, "witness.signature")


async def test_a_ledger_nobody_named_is_unknown(health: httpx.AsyncClient) -> None:
    other = ToldLedger(CheckpointSigner("other.test", bytes(range(32))))
    assert await asked(health, other.submission(0, 5)) == (404, "witness.unknown-log")
    assert (await health.get(latest_of("other.test"))).status_code == 404


@pytest.mark.parametrize("body", [b"", b"old 0\n\n", b"old 0\n\nnothing\n", b"\xff\xfe", b"{}"])
async def test_what_is_no_submission_is_a_bad_request(health: httpx.AsyncClient, body: bytes) -> None:
    status, code = await asked(health, body)
    assert (status, code) in {(400, "witness.malformed"), (400, "ledger.checkpoint")}


async def test_two_heads_at_once_never_lead_back(health: httpx.AsyncClient) -> None:
    sizes = range(1, 25)
    answers = await asyncio.gather(*(asked(health, LEDGER.submission(0, size)) for size in sizes))
    (cosigned,) = [size for size, (status, _) in zip(sizes, answers, strict=True) if status == 200]
    assert {text for status, text in answers if status == 409} == {f"{cosigned}\n"}
    assert (await known(health)).size == cosigned


async def test_what_another_process_of_the_agency_cosigns_meanwhile_counts(
    databases: Callable[[str], str], policy: Path
) -> None:
    """On PostgreSQL two transactions read one head; whoever waits to replace it must look at it again."""
    url, theirs = databases("health"), LEDGER.submission(5, 6, told="theirs", since=5)
    async with witness("health", url, policy) as app, calling(app) as client:
        assert (await asked(client, LEDGER.submission(0, 5)))[0] == 200
        engine = open_engine(url)
        with engine.connect() as other:
            with other.begin():
                note = theirs.partition("\n\n")[2]
                other.execute(update(WITNESSED_LEDGERS).values(note=note))
                ours = asyncio.create_task(asked(client, LEDGER.submission(5, 6, told="ours", since=5)))
                assert not (await asyncio.wait({ours}, timeout=0.5))[0]
            assert (await ours) == (409, "6\n")
        engine.dispose()


async def test_what_was_cosigned_is_known_after_a_restart(databases: Callable[[str], str], policy: Path) -> None:
    for expected in (200, 409):
        async with witness("health", databases("health"), policy) as app, calling(app) as client:
            assert (await asked(client, LEDGER.submission(0, 5)))[0] == expected


async def test_an_agency_without_a_line_in_the_policy_is_no_witness(
    databases: Callable[[str], str], policy: Path
) -> None:
    async with witness("police", databases("police"), policy) as app, calling(app) as client:
        assert await asked(client, LEDGER.submission(0, 5)) == (404, "witness.unknown-log")
        policy.write_text(policy_of(LEDGER.signer, {"police": "http://police.test"}, least=1).text())
        assert (await asked(client, LEDGER.submission(0, 5)))[0] == 200, "the file is read anew"
