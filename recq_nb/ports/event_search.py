"""Event search: any stretch of the log under a filter, for readers; consumers read the system state store itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recq_nb.ports.system_state_store import StoredEvent


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; what is left empty filters nothing. Values are values, whatever text they hold.

    Attributes:
        names: Event names.
        aggregate: An aggregate id; where none is exactly that, ids that contain it, in any case.
        context: Context of the stream.
        since: Not before.
        until: Before.
        text: Contained in the payload as JSON text, in any case.
        correlation_id: The flow.
    """

    names: tuple[str, ...] = ()
    aggregate: str = ""
    context: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    correlation_id: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether every event passes."""
        return self == EventFilter()


class EventIndex(Protocol):
    """The events that pass a filter, by rank: 0 is the oldest, so that ranks stay as the log grows."""

    @property
    def head(self) -> int:
        """The newest event of the log that was looked at."""

    def __len__(self) -> int: ...

    def rank_of(self, sequence_number: int) -> int:
        """The rank of an event, or of the next one that passes."""


class EventSearch(Protocol):
    """Reads the log; from any thread. Every confirmed event is seen."""

    def index(self, chosen: EventFilter) -> EventIndex:
        """Look for the events that pass a filter; one look at the log."""

    def extend(self, index: EventIndex) -> int:
        """Look at what the log has got since; returns how many of it pass."""

    def page(self, index: EventIndex, first: int, count: int) -> Sequence[StoredEvent]:
        """The events of these ranks, oldest first; costs the same anywhere in the log."""

    def after(self, sequence_number: int, limit: int) -> Sequence[StoredEvent]:
        """The next events of the log, oldest first."""

    def facets(self) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """Event names, and contexts, with how many events each has."""
