"""Time and ids under a test's control."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from datetime import UTC, datetime, timedelta

START = datetime(2030, 1, 1, tzinfo=UTC)


class ManualClock:
    """A clock that moves only when told to. Keeps the ``Clock`` port's promises; safe to use from every thread.

    Args:
        start: The first moment, timezone-aware.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._changed = threading.Condition()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """The moment it was moved to last."""
        with self._changed:
            return self._now

    async def sleep(self, seconds: float) -> None:
        """Return once the clock was moved so many seconds on; at once where that is none."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            if seconds <= 0:
                return
            heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), waiter))
            self._changed.notify_all()
        try:
            await waiter
        finally:
            with self._changed:
                self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[2] is not waiter]
                heapq.heapify(self._sleepers)
                self._changed.notify_all()

    def advance(self, by: timedelta | float) -> None:
        """Move on by a span, or so many seconds, and wake whoever slept until then, in the order they are due."""
        span = by if isinstance(by, timedelta) else timedelta(seconds=by)
        with self._changed:
            self._now += span
            while self._sleepers and self._sleepers[0][0] <= self._now:
                _, _, waiter = heapq.heappop(self._sleepers)
                waiter.get_loop().call_soon_threadsafe(_wake, waiter)
            self._changed.notify_all()

    @property
    def sleeping(self) -> int:
        """How many sleep now."""
        with self._changed:
            return len(self._sleepers)

    def wait_for_sleepers(self, count: int = 1, timeout: float = 30.0) -> None:
        """Wait in this thread until at least so many sleep: something has tried, failed, and waits for its next try.

        Raises:
            TimeoutError: That did not come about within ``timeout`` real seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._sleepers) >= count, timeout):
                raise TimeoutError(f"{len(self._sleepers)} sleep on the clock, not {count}, after {timeout} s.")


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class SequentialIds:
    """Ids that count: ``id-1``, ``id-2``, … Keeps the ``IdSource`` port's promise within one source.

    Args:
        prefix: What every id starts with; give each source that writes to one store its own.
    """

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._counter = itertools.count(1)

    def next_id(self) -> str:
        """The next id; safe to call from every thread."""
        return f"{self._prefix}-{next(self._counter)}"
