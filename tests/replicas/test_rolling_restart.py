"""Three gateways behind a balancer are restarted in turn while agencies send, poll and report: nobody notices."""

import asyncio
import signal
from collections import Counter

import pytest

from tests.support.mesh import SHELTER_HOUSE, SOCIAL
from tests.support.postgres import PostgresServer, numbered
from tests.support.rolling import EVENTS, REPLICAS, Story, roll

#: Six processes start one after another, and three of them end, before the first claim is looked at.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def story(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One rolling restart for all claims."""
    name = numbered("rolling")
    postgres_server.create(name)
    return asyncio.run(roll(postgres_server.url(name), tmp_path_factory.mktemp("rolling")))


def test_one_more_try_cures_every_call_that_failed(story: Story) -> None:
    assert story.failed == []
    assert len(story.repeated) < story.calls / 10, Counter(story.repeated)


@pytest.mark.parametrize("recipient", [SOCIAL, SHELTER_HOUSE])
def test_recipient_gets_each_message_once_and_a_note_behind_its_referral(story: Story, recipient: str) -> None:
    sent, arrived = story.sent[recipient], story.arrived[recipient]
    assert len(sent) > REPLICAS * 4
    assert sorted(arrived) == sorted(sent)
    place = {message_id: number for number, message_id in enumerate(arrived)}
    assert all(place[referral] < place[note] for referral, note in zip(sent[::2], sent[1::2], strict=True))


def test_sender_is_told_each_event_once_in_order(story: Story) -> None:
    assert story.told == {referral: list(EVENTS) for referral in story.sent[SHELTER_HOUSE][::2]}


def test_each_message_is_in_the_ledger_once(story: Story) -> None:
    kept = Counter(entry["message_id"] for entry in story.entries if entry["kind"] in {"referral", "note"})
    assert kept == dict.fromkeys([*story.sent[SOCIAL], *story.sent[SHELTER_HOUSE]], 1)


def test_replica_that_is_told_to_end_is_red_at_once_answers_who_waits_and_is_gone(story: Story) -> None:
    assert [(end.ready, end.alive, end.polled) for end in story.ends] == [(503, 200, 200)] * REPLICAS
    assert max(end.poll_seconds for end in story.ends) < 15  # it was to wait for thirty
    assert [end.code for end in story.ends] == [-signal.SIGTERM] * REPLICAS
