"""The wall clock and unique message ids."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Sleep in the running event loop."""
        await asyncio.sleep(seconds)


class UniqueIdSource:
    """Ids that sort by time of creation within a session and differ between sessions and kernels.

    24 hexadecimal digits: the second the source was made, 40 random bits, and a counter, so that neighbours share a
    prefix and compress well in the store.
    """

    def __init__(self) -> None:
        self._prefix = f"{int(time.time()):08x}{uuid.uuid4().hex[:10]}"
        self._counter = itertools.count(1)

    def next_id(self) -> str:
        """The next id; safe to call from every thread."""
        return f"{self._prefix}{next(self._counter):08x}"
