"""Questions that come together are answered together: one call to the gateway, one look at the database for all.

Owns nothing but the waiting. A question alone goes at once, in the trace of whoever asked. What is asked in the same
turn of the loop goes together; what is asked while an answer is on its way gathers until that has come, but no longer
than `patience` seconds, so that a slow answer delays nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from typing import Generic, TypeVar

QuestionT = TypeVar("QuestionT")
AnswerT = TypeVar("AnswerT")

#: Answers in the order of the questions; an exception is raised to who asked.
Answering = Callable[[Sequence[QuestionT]], Awaitable[Sequence[AnswerT | BaseException]]]


class Gathering(Generic[QuestionT, AnswerT]):
    """Asks for many at once. Used by the tasks of one event loop."""

    def __init__(self, answering: Answering[QuestionT, AnswerT], *, most: int, patience: float) -> None:
        self._answering = answering
        self._most = most
        self._patience = patience
        self._asked: list[tuple[QuestionT, asyncio.Future[AnswerT], Context]] = []
        self._departure: asyncio.Handle | None = None
        self._rounds: set[asyncio.Task[None]] = set()

    async def ask(self, question: QuestionT) -> AnswerT:
        """Return the answer to a question. Raises what stands in its place, or why there are no answers at all."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[AnswerT] = loop.create_future()
        self._asked.append((question, future, copy_context()))
        if self._departure is None:
            soon = not self._rounds
            self._departure = loop.call_soon(self._depart) if soon else loop.call_later(self._patience, self._depart)
        return await future

    def _depart(self) -> None:
        """Send off what has gathered; of different askers in a trace of its own."""
        if self._departure is not None:
            self._departure.cancel()
        loop = asyncio.get_running_loop()
        asked, self._asked = self._asked[: self._most], self._asked[self._most :]
        self._departure = loop.call_soon(self._depart) if self._asked else None
        if not asked:
            return
        context = asked[0][2] if len(asked) == 1 else Context()
        waiting = [(question, future) for question, future, _ in asked]
        task = asyncio.create_task(self._round(waiting), context=context)
        self._rounds.add(task)
        task.add_done_callback(self._returned)

    def _returned(self, task: asyncio.Task[None]) -> None:
        self._rounds.discard(task)
        if self._asked:
            self._depart()

    async def _round(self, asked: Sequence[tuple[QuestionT, asyncio.Future[AnswerT]]]) -> None:
        answers: Sequence[AnswerT | BaseException]
        try:
            answers = await self._answering([question for question, _ in asked])
        except Exception as fault:  # noqa: BLE001 - whoever asked is told
            answers = [fault] * len(asked)
        for (_, future), answer in zip(asked, answers, strict=True):
            if future.done():  # whoever asked went away
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)
