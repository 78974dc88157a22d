"""The tail of the log in memory: recent events as objects, so that consumers at the head do not read the store."""

from __future__ import annotations

from collections import deque
from contextvars import Context
from itertools import islice
from typing import NamedTuple

from recq_nb.modeling.payload import Event
from recq_nb.ports.system_state_store import StoredEvent


class TailEvent(NamedTuple):
    """A recent event.

    Attributes:
        stored: As the log keeps it.
        payload: The event object; None once its class was redefined, so that it is read anew.
        context: Context variables of the sender, so that output of its consumers lands at the sender's cell.
    """

    stored: StoredEvent
    payload: Event | None
    context: Context | None


class EventTail:
    """The newest events, in order, without gaps; at most ``capacity`` of them."""

    def __init__(self, capacity: int = 16_384) -> None:
        self._events: deque[TailEvent] = deque(maxlen=capacity)

    def append(self, event: TailEvent) -> None:
        """Add the next event of the log."""
        self._events.append(event)

    def read(self, after: int, limit: int) -> list[TailEvent] | None:
        """Events after a sequence number, at most ``limit``; None where the tail does not reach back that far."""
        events = self._events
        if not events:
            return None
        first = events[0].stored.sequence_number
        if after + 1 < first:
            return None
        start = after + 1 - first
        return list(islice(events, start, start + limit))

    def forget_payloads(self) -> None:
        """Have every event read anew from its text: payload classes were redefined."""
        self._events = deque((event._replace(payload=None) for event in self._events), maxlen=self._events.maxlen)

    def clear(self) -> None:
        """Forget everything."""
        self._events.clear()
