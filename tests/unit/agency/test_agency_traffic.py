"""The outbox against an odd hub, and what is forgotten in time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.agency.adapters.store import SqlStore
from shared.agency.housekeeping import Housekeeping
from shared.agency.outbound.outbox import Outbox, is_refusal
from shared.agency.ports import Desk, Expected
from shared.agency.records import IdempotentAct, Letter, Notification, Unsent, UsedAssertion
from shared.agency.scribe import Route, Scribe
from shared.kernel.clock import SystemClock, to_wire
from shared.kernel.errors import InputRejected, PeerUnavailable
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.keys import AgencyKeys
from shared.wire.delivery import BatchItemV1, BatchResultV1

CLOCK = SystemClock()
IDS = Uuid7Factory(CLOCK)
KEYS = AgencyKeys.generate()
SCRIBE = Scribe("health", KEYS, clock=CLOCK, ids=IDS)


class OddHub:
    """Answers batches by a script: an error, or a status for each message."""

    def __init__(self) -> None:
        self.batches: list[Sequence[BatchItemV1]] = []
        self.poison: set[str] = set()
        self.script: list[Exception | int] = []

    async def post_batch(self, items: Sequence[BatchItemV1]) -> Sequence[BatchResultV1]:
        self.batches.append(items)
        step = self.script.pop(0) if self.script else 202
        if isinstance(step, Exception):
            raise step
        if any(item.body in self.poison for item in items):
            raise InputRejected("message.invalid", "The batch is not one.")
        return [BatchResultV1(status=step, body={"receipt": {}}) for _ in items]


class NoMeaning:
    """Answers mean nothing more."""

    def expects(self, letter: Letter) -> Sequence[Expected]:
        return ()

    def apply(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        return ()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    made = SqlStore(f"sqlite:///{tmp_path / 'agency.db'}")
    yield made
    made.close()


@pytest.fixture
def hub() -> OddHub:
    return OddHub()


@pytest.fixture
async def outbox(store: SqlStore, hub: OddHub) -> AsyncIterator[Outbox]:
    made = Outbox(store, hub, NoMeaning(), clock=CLOCK)  # type: ignore[arg-type]  # only batches are asked of this hub
    await made.start()
    yield made
    await made.stop()


def a_letter() -> Letter:
    consent_id = IDS.new()
    return SCRIBE.revocation({"consent_id": consent_id, "by": "survivor"}, route=Route(lane=consent_id))


async def send(store: SqlStore, outbox: Outbox, *letters: Letter) -> list[Letter | None]:
    def work(desk: Desk) -> None:
        for letter in letters:
            desk.add(letter)

    await store.write(work)
    outbox.announce(letters)
    return list(await asyncio.gather(*(outbox.outcome(one.message_id, within=10) for one in letters)))


async def test_an_answered_letter_forgets_its_text(store: SqlStore, outbox: Outbox) -> None:
    (settled,) = await send(store, outbox, a_letter())
    assert settled is not None
    assert (settled.status, settled.body, settled.signature, settled.hub_shares) == (202, None, None, None)
    assert not is_refusal(settled)


@pytest.mark.parametrize(
    "trouble", [PeerUnavailable("peer.unreachable", "Away."), 503, 500, 429, RuntimeError("a defect")], ids=str
)
async def test_whatever_is_no_answer_is_tried_again_with_the_same_bytes(
    store: SqlStore, outbox: Outbox, hub: OddHub, trouble: Any
) -> None:
    hub.script = [trouble]
    (settled,) = await send(store, outbox, a_letter())
    assert settled is not None
    assert settled.status == 202
    assert len(hub.batches) == 2
    assert hub.batches[0] == hub.batches[1]


async def test_one_letter_that_spoils_a_batch_is_found_and_the_others_go(
    store: SqlStore, outbox: Outbox, hub: OddHub
) -> None:
    letters = [a_letter() for _ in range(4)]
    hub.poison = {letters[2].body or ""}
    settled = await send(store, outbox, *letters)
    assert [one.status if one else None for one in settled] == [202, 202, 422, 202]
    assert (settled[2].answer or {})["code"] == "message.invalid" if settled[2] else False


async def test_a_refusal_is_final(store: SqlStore, outbox: Outbox, hub: OddHub) -> None:
    hub.script = [403]
    (settled,) = await send(store, outbox, a_letter())
    assert settled is not None
    assert is_refusal(settled)
    assert len(hub.batches) == 1


async def test_a_hub_that_answers_another_number_of_messages_is_not_believed(
    store: SqlStore, outbox: Outbox, hub: OddHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = a_letter()
    answers = iter([[], [BatchResultV1(status=202, body={})]])

    async def odd(items: Sequence[BatchItemV1]) -> Sequence[BatchResultV1]:
        return next(answers)

    monkeypatch.setattr(hub, "post_batch", odd)
    (settled,) = await send(store, outbox, letter)
    assert settled is not None
    assert settled.status == 202


async def test_what_is_kept_for_a_time_is_forgotten_after_it(store: SqlStore) -> None:
    now = CLOCK.now()
    old, young = to_wire(now - timedelta(hours=25)), to_wire(now - timedelta(hours=23))
    kept = [
        IdempotentAct(key="c/old", fingerprint="f", outcome="o", created_at=old),
        IdempotentAct(key="c/young", fingerprint="f", outcome="o", created_at=young),
        UsedAssertion(key="c/over", expires_at=young),
        UsedAssertion(key="c/valid", expires_at=to_wire(now + timedelta(minutes=1))),
        an_unsent("d/over", begun_at=old, expires_at=young),
        an_unsent("d/kept", begun_at=old, expires_at=to_wire(now + timedelta(minutes=1))),
        a_notification("n/over", settled_at=old),
        a_notification("n/young", settled_at=young),
        a_notification("n/waiting", settled_at=None),
    ]

    def work(desk: Desk) -> None:
        for record in kept:
            desk.add(record)

    await store.write(work)
    housekeeping = Housekeeping(store, CLOCK, notifications_kept=timedelta(hours=24))
    assert await housekeeping.once() == 4
    assert await housekeeping.once() == 0
    left = await store.read(lambda r: [*r.many(IdempotentAct, ["c/old", "c/young"])])
    assert [act.key for act in left] == ["c/young"]
    drafts = await store.read(lambda r: r.many(Unsent, ["d/over", "d/kept"]))
    assert [draft.draft_id for draft in drafts] == ["d/kept"]
    told = await store.read(lambda r: r.many(Notification, ["n/over", "n/young", "n/waiting"]))
    assert {one.notification_id for one in told} == {"n/young", "n/waiting"}


async def test_what_a_release_of_before_wrote_unfinished_is_forgotten_at_once(store: SqlStore) -> None:
    """It names no writer and no case, so it would stay when the case is sealed off; one that was sent holds nothing."""
    now, ahead = to_wire(CLOCK.now()), to_wire(CLOCK.now() + timedelta(days=7))
    fresh, over = (
        replace(an_unsent(name, begun_at=now, expires_at=expires), actor="")
        for name, expires in (("d/fresh", ahead), ("d/over", now))
    )
    sent = replace(fresh, draft_id="d/sent", referral_id="r", wrapped_key=None, content=None)
    ours = an_unsent("d/ours", begun_at=now, expires_at=ahead)

    def work(desk: Desk) -> None:
        for record in (fresh, over, sent, ours):
            desk.add(record)

    await store.write(work)
    await Housekeeping(store, CLOCK, notifications_kept=timedelta(hours=24)).once()
    left = await store.read(lambda reading: reading.find(Unsent))
    assert [one.draft_id for one in left] == ["d/ours", "d/sent"]


def a_notification(notification_id: str, *, settled_at: str | None) -> Notification:
    """Something that a partner system was told, or is still to be told, since long ago."""
    long_ago = to_wire(CLOCK.now() - timedelta(days=30))
    return Notification(
        notification_id=notification_id, webhook_id="w", body="{}", due_at=long_ago, settled_at=settled_at
    )


def an_unsent(draft_id: str, *, begun_at: str, expires_at: str) -> Unsent:
    """A referral that somebody is still writing."""
    return Unsent(
        draft_id=draft_id,
        account_id="a",
        actor="staff-7",
        begun_at=begun_at,
        kept_at=begun_at,
        expires_at=expires_at,
        wrapped_key=b"k",
        content=b"c",
    )
