"""Activity: lets somebody wait until nothing moves any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Activity:
    """Wakes those who wait for a state of the engine whenever that state may have changed. Engine thread only."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def changed(self) -> None:
        """Something that somebody may wait for has happened."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def until_changed(self) -> None:
        """Return at the next change."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    async def until(self, reached: Callable[[], bool]) -> None:
        """Return once this is true; it is looked at after every change."""
        while not reached():
            await self.until_changed()
