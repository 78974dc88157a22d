"""The event source: where consumers read the log, from memory while they are near its head."""

from __future__ import annotations

from collections.abc import Sequence

from recq_nb.ports.system_state_store import SystemStateStore
from recq_nb.runtime.activity import Activity
from recq_nb.runtime.event_tail import EventTail, TailEvent


class EventSource:
    """The published log as consumers see it."""

    def __init__(self, store: SystemStateStore, tail: EventTail) -> None:
        self._store = store
        self._tail = tail
        self._growth = Activity()
        self.head = store.head

    def published(self, head: int) -> None:
        """The log has grown up to this sequence number."""
        self.head = head
        self._growth.changed()

    def restart(self) -> None:
        """The log was emptied."""
        self.head = self._store.head
        self._tail.clear()
        self._growth.changed()

    async def grown_beyond(self, position: int) -> None:
        """Return once there is an event after this position."""
        await self._growth.until(lambda: self.head > position)

    async def read(self, after: int, limit: int) -> Sequence[TailEvent]:
        """The next events after a position, at most ``limit``."""
        near = self._tail.read(after, limit)
        if near is not None:
            return near
        return [TailEvent(stored, None, None) for stored in await self._store.read(after, limit)]
