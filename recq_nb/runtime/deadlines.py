"""Deadlines of requests: one timer for all of those with the default timeout."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

COMPACT_ABOVE = 4096


class Expiring(Protocol):
    """Something that may run out of time."""

    def done(self) -> bool:
        """Whether it was settled meanwhile."""

    def expire(self) -> None:
        """Called when its time is up and it is not done."""


class Deadlines:
    """Expires requests in time, within about a twentieth of a second, at the cost of an append each.

    Requests with the default timeout are due in the order they came, so a queue and one timer serve them all.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, default: float) -> None:
        self._loop = loop
        self._default = default
        self._queue: deque[tuple[float, Expiring]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, expiring: Expiring, timeout: float | None) -> None:
        """Expire this after ``timeout`` seconds (the default when None), unless it is done by then."""
        if timeout is not None and timeout != self._default:
            self._loop.call_later(max(timeout, 0), self._expire, expiring)
            return
        self._queue.append((self._loop.time() + self._default, expiring))
        if self._timer is None:
            self._timer = self._loop.call_later(min(self._default, 0.05), self._sweep)

    @staticmethod
    def _expire(expiring: Expiring) -> None:
        if not expiring.done():
            expiring.expire()

    def _sweep(self) -> None:
        self._timer = None
        now = self._loop.time()
        queue = self._queue
        while queue and (queue[0][1].done() or queue[0][0] <= now):
            self._expire(queue.popleft()[1])
        if len(queue) > COMPACT_ABOVE:  # one slow request at the front must not keep thousands of settled ones alive
            self._queue = queue = deque(item for item in queue if not item[1].done())
        if queue:
            wait = min(max(queue[0][0] - now, 0.01), 0.25)
            self._timer = self._loop.call_later(wait, self._sweep)

    def stop(self) -> None:
        """Forget everything."""
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()
