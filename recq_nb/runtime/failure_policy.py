"""Failures of consumers: what is worth waiting for, what is worth another try, and how long to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tenacity import RetryCallState
from tenacity.wait import wait_exponential_jitter

from recq_nb.errors import (
    DeadlockError,
    NoHandlerError,
    SessionClosedError,
    StaleReadError,
    StoreUnavailableError,
    TooManyRequestsError,
    TransientError,
)

_TRANSIENT = (
    TransientError,
    NoHandlerError,
    TooManyRequestsError,
    StaleReadError,
    StoreUnavailableError,
    SessionClosedError,
    TimeoutError,
    asyncio.TimeoutError,
    ConnectionError,
)
BACKOFF_FIRST_SECONDS = 0.05
BACKOFF_CAP_SECONDS = 30.0


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """An exception, what it was raised from, what that was raised from, … each once.

    Only explicit causes count: a bug in an ``except TimeoutError:`` block is a bug, not a timeout.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__


def is_transient(error: BaseException) -> bool:
    """Whether the same event may succeed later without anybody mending anything in its handler.

    True where the exception, or anything in its cause chain, says so: ``TransientError``, nobody handles what was
    sent, a timeout, a refused or broken connection. A deadlock never is.
    """
    chain = list(chain_of(error))
    return not any(isinstance(link, DeadlockError) for link in chain) and any(
        isinstance(link, _TRANSIENT) for link in chain
    )


class Backoff:
    """Delays that double from the first to a cap, with up to a tenth of the first delay added at random.

    Args:
        first: Seconds before the second attempt.
        cap: Most seconds to wait.
    """

    def __init__(self, first: float = BACKOFF_FIRST_SECONDS, cap: float = BACKOFF_CAP_SECONDS) -> None:
        self._wait = wait_exponential_jitter(multiplier=first, max=cap, jitter=first / 10)

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the given attempt, counted from 1."""
        state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]  # only counts
        state.attempt_number = attempt
        return self._wait(state)
