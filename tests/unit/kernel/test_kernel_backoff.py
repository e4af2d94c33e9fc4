"""Waits grow, differ, and end somewhere."""

from shared.kernel.backoff import LONGEST_WAIT, backoff


def test_backoff_doubles_with_jitter_up_to_its_limit() -> None:
    for attempt, whole in [(1, 0.2), (2, 0.4), (3, 0.8), (50, LONGEST_WAIT), (100_000, LONGEST_WAIT)]:
        drawn = {backoff(attempt) for _ in range(50)}
        assert all(whole / 2 <= seconds <= whole for seconds in drawn)
        assert len(drawn) > 1
