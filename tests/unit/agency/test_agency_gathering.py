"""Questions that come together go together, and each asker gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.agency.gathering import Gathering
from shared.kernel.errors import NotFound, PeerUnavailable
from shared.telemetry.context import continue_trace, current_trace_id, enter


class _Oracle:
    """Answers with ten times the question, a round at a time, when it is let."""

    def __init__(self, *, held: bool = False) -> None:
        self.rounds: list[list[int]] = []
        self.traces: list[str] = []
        self.freed = asyncio.Event()
        self.asked = asyncio.Event()
        if not held:
            self.freed.set()

    async def answer(self, questions: Sequence[int]) -> Sequence[int | BaseException]:
        self.rounds.append(list(questions))
        self.traces.append(current_trace_id())
        self.asked.set()
        await self.freed.wait()
        return [one * 10 if one else NotFound("test.nought", "Nought.") for one in questions]


async def test_questions_of_one_turn_are_one_round_and_each_gets_its_own_answer() -> None:
    oracle = _Oracle()
    asking = Gathering(oracle.answer, most=64, patience=60)
    assert await asyncio.gather(*(asking.ask(one) for one in (3, 1, 2))) == [30, 10, 20]
    assert oracle.rounds == [[3, 1, 2]]


async def test_what_is_asked_meanwhile_gathers_until_the_answer_has_come() -> None:
    oracle = _Oracle(held=True)
    asking = Gathering(oracle.answer, most=64, patience=60)
    first = asyncio.create_task(asking.ask(1))
    await oracle.asked.wait()
    later = [asyncio.create_task(asking.ask(one)) for one in (2, 3)]
    await asyncio.sleep(0)
    assert oracle.rounds == [[1]]
    oracle.freed.set()
    assert await asyncio.gather(first, *later) == [10, 20, 30]
    assert oracle.rounds == [[1], [2, 3]]


async def test_a_slow_answer_delays_nobody_for_longer_than_patience() -> None:
    oracle = _Oracle(held=True)
    asking = Gathering(oracle.answer, most=64, patience=0.001)
    slow = asyncio.create_task(asking.ask(1))
    await oracle.asked.wait()
    oracle.asked.clear()
    other = asyncio.create_task(asking.ask(2))
    await asyncio.wait_for(oracle.asked.wait(), 10)
    assert oracle.rounds == [[1], [2]]
    oracle.freed.set()
    assert await asyncio.gather(slow, other) == [10, 20]


async def test_more_than_fit_go_in_several_rounds() -> None:
    oracle = _Oracle()
    asking = Gathering(oracle.answer, most=2, patience=60)
    assert await asyncio.gather(*(asking.ask(one) for one in range(1, 6))) == [10, 20, 30, 40, 50]
    assert oracle.rounds == [[1, 2], [3, 4], [5]]


async def test_one_question_that_fails_fails_alone() -> None:
    asking = Gathering(_Oracle().answer, most=64, patience=60)
    answers = await asyncio.gather(asking.ask(1), asking.ask(0), return_exceptions=True)
    assert answers[0] == 10
    assert isinstance(answers[1], NotFound)


async def test_a_round_that_fails_is_told_to_all_who_asked_and_the_next_goes_well() -> None:
    oracle = _Oracle()
    away = [True]

    async def answer(questions: Sequence[int]) -> Sequence[int | BaseException]:
        if away.pop() if away else False:
            raise PeerUnavailable("test.away", "Away.")
        return await oracle.answer(questions)

    asking = Gathering(answer, most=64, patience=60)
    failed = await asyncio.gather(asking.ask(1), asking.ask(2), return_exceptions=True)
    assert [type(one) for one in failed] == [PeerUnavailable, PeerUnavailable]
    assert await asking.ask(3) == 30


async def test_whoever_goes_away_takes_nobodys_answer_along() -> None:
    oracle = _Oracle(held=True)
    asking = Gathering(oracle.answer, most=64, patience=60)
    gone, stays = asyncio.create_task(asking.ask(1)), asyncio.create_task(asking.ask(2))
    await oracle.asked.wait()
    gone.cancel()
    oracle.freed.set()
    assert await stays == 20
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_question_alone_goes_in_its_askers_trace_and_several_in_nobodys() -> None:
    oracle = _Oracle()
    asking = Gathering(oracle.answer, most=64, patience=60)
    enter(continue_trace(None))
    await asking.ask(1)
    await asyncio.gather(asking.ask(2), asking.ask(3))
    assert oracle.traces[0] == current_trace_id()
    assert oracle.traces[1] != current_trace_id()
