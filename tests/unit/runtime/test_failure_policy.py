"""What is worth waiting for, and for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recq_nb import (
    AggregateNotInitializedError,
    ConcurrentAppendError,
    DeadlockError,
    HandlerResultError,
    NoHandlerError,
    PayloadError,
    ReadModelError,
    Rejection,
    RequestTimeoutError,
    SessionClosedError,
    StaleReadError,
    StoreFormatError,
    StoreUnavailableError,
    TooManyRequestsError,
    TransientError,
)
from recq_nb.runtime.failure_policy import Backoff, chain_of, is_transient

OUTAGES = [
    TransientError("later"),
    NoHandlerError("nobody"),
    RequestTimeoutError("no answer"),
    TooManyRequestsError("full"),
    StaleReadError("late"),
    StoreUnavailableError("disk"),
    SessionClosedError("closed"),
    TimeoutError("socket"),
    ConnectionRefusedError("refused"),
    ConnectionResetError("reset"),
    BrokenPipeError("broken"),
]
FOR_GOOD = [
    Rejection("some.code", "no"),
    ValueError("bug"),
    KeyError("bug"),
    OSError("disk quota"),
    AssertionError("bug"),
    DeadlockError("circle"),
    PayloadError("unfit"),
    HandlerResultError("two events"),
    ReadModelError("no row"),
    StoreFormatError("damaged"),
    AggregateNotInitializedError("no history"),
    ConcurrentAppendError("faster"),
]


def raised_from(error: Exception, cause: BaseException | None) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("error", OUTAGES, ids=repr)
def test_an_outage_is_worth_waiting_for(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("error", FOR_GOOD, ids=repr)
def test_a_refusal_or_a_bug_is_not(error: Exception) -> None:
    assert not is_transient(error)


@pytest.mark.parametrize("outage", OUTAGES, ids=repr)
def test_what_is_raised_from_an_outage_is_one(outage: Exception) -> None:
    middle = raised_from(LookupError("no rate"), outage)

    assert is_transient(raised_from(RuntimeError("no price"), middle))


def test_a_bug_while_handling_an_outage_is_a_bug() -> None:
    bug = KeyError("price")
    bug.__context__ = ConnectionError("refused")

    assert not is_transient(bug)


def test_an_outage_that_hides_a_deadlock_is_none() -> None:
    assert not is_transient(raised_from(TransientError("later"), DeadlockError("circle")))


def test_a_chain_that_runs_in_a_circle_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    raised_from(first, second)
    raised_from(second, first)

    assert list(chain_of(first)) == [first, second]
    assert not is_transient(first)


@given(first=st.floats(0.001, 5.0), cap=st.floats(5.0, 60.0), attempt=st.integers(1, 5_000))
def test_delays_double_up_to_a_cap_with_at_most_a_tenth_of_the_first_added(
    first: float, cap: float, attempt: int
) -> None:
    delay = Backoff(first, cap).delay(attempt)

    doubled = first * 2.0 ** min(attempt - 1, 60)
    assert min(doubled, cap) <= delay <= min(doubled + first / 10, cap)


def test_delays_are_not_all_alike() -> None:
    backoff = Backoff(first=1.0)

    assert len({backoff.delay(1) for _ in range(20)}) > 1
