"""The second thread beside a first: it does its share, and nobody goes on without it."""

import threading
from collections.abc import Iterator

import pytest

from shared.storage.alongside import Alongside


@pytest.fixture
def alongside() -> Iterator[Alongside]:
    alongside = Alongside("second")
    yield alongside
    alongside.close()


def test_body_goes_on_only_when_the_other_thread_is_done(alongside: Alongside) -> None:
    done: list[str] = []
    body_is_over = threading.Event()

    def call() -> None:
        assert body_is_over.wait(30)
        done.append(threading.current_thread().name)

    with alongside.doing(call):
        body_is_over.set()
    assert done == ["second"]


def test_what_the_other_thread_raises_is_raised_here(alongside: Alongside) -> None:
    def call() -> None:
        raise LookupError("odd")

    with pytest.raises(LookupError), alongside.doing(call):
        pass
    with alongside.doing(lambda: None):  # it goes on working
        pass


def test_body_that_raises_is_heard_before_the_other_thread(alongside: Alongside) -> None:
    def call() -> None:
        raise LookupError("odd")

    with pytest.raises(ArithmeticError), alongside.doing(call):
        raise ArithmeticError
    with alongside.doing(lambda: None):  # nothing of it is left for the next
        pass


@pytest.mark.parametrize("many", range(6))
def test_every_call_is_made_once(alongside: Alongside, many: int) -> None:
    made: list[int] = []
    alongside.each([lambda n=n: made.append(n) for n in range(many)])  # type: ignore[misc]
    assert sorted(made) == list(range(many))


def test_calls_are_made_two_at_a_time(alongside: Alongside) -> None:
    both = threading.Barrier(2)

    def meet() -> None:
        both.wait(30)

    alongside.each([meet] * 4)


def test_lone_call_needs_no_other_thread(alongside: Alongside) -> None:
    made: list[threading.Thread] = []
    alongside.each([lambda: made.append(threading.current_thread())])
    assert made == [threading.current_thread()]


@pytest.mark.parametrize("many", [1, 3])
def test_call_that_fails_is_raised(alongside: Alongside, many: int) -> None:
    """Also what looks like the end of the list."""

    def fail() -> None:
        raise IndexError("odd")

    with pytest.raises(IndexError, match="odd"):
        alongside.each([fail] * many)


def test_closing_ends_the_thread_and_may_be_done_twice(alongside: Alongside) -> None:
    with alongside.doing(lambda: None):
        pass
    alongside.close()
    alongside.close()
    assert "second" not in [thread.name for thread in threading.enumerate()]
