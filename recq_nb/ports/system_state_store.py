"""The system state store: the ordered, append-only log of every event, the single source of truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class EventRecord(NamedTuple):
    """One event as the log keeps it, still without its sequence number.

    Attributes:
        event_id: Id of the event message.
        event_name: Class name of the payload.
        aggregate_id: Its aggregate; the lock id or ``""`` for a service event.
        version: Place in the aggregate's history, from 1: appended only where the history ends at ``version - 1``.
            0 for a service event, which belongs to no history.
        context: Partition of the stream.
        timestamp: Microseconds since the epoch, UTC.
        payload: JSON text.
        metadata: JSON text of an object.
        correlation_id: The flow.
        causation_id: The message that caused it.
        command_id: The command whose outcome it is.
        sender: The component that published it.
    """

    event_id: str
    event_name: str
    aggregate_id: str
    version: int
    context: str
    timestamp: int
    payload: str
    metadata: str
    correlation_id: str
    causation_id: str
    command_id: str
    sender: str


class StoredEvent(NamedTuple):
    """An event in the log.

    Attributes:
        sequence_number: From 1, without gaps, in the order events became visible.
        record: The rest.
    """

    sequence_number: int
    record: EventRecord


class OutcomeRecord(NamedTuple):
    """The outcome of a command that published no event: a void service command, or a remembered rejection.

    Attributes:
        command_id: The command.
        correlation_id: Its flow.
        timestamp: Microseconds since the epoch, UTC.
        rejection_code: ``""`` for success.
        rejection_text: ``""`` for success.
    """

    command_id: str
    correlation_id: str
    timestamp: int
    rejection_code: str = ""
    rejection_text: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Events of one aggregate after some version, oldest first."""

    events: Sequence[StoredEvent]


class SystemStateStore(Protocol):
    """Appends events in one order and reads them back.

    One writer at a time uses it (the session's publisher); reads may come from any coroutine of the engine. When
    ``append`` returns, its events are as durable as the store promises and visible to every later read.
    """

    @property
    def head(self) -> int:
        """Sequence number of the newest visible event; 0 for an empty log."""

    async def append(self, events: Sequence[EventRecord], outcomes: Sequence[OutcomeRecord] = ()) -> int:
        """Append all of them, or nothing.

        Returns:
            The sequence number of the first event; the others follow without gaps.

        Raises:
            ConcurrentAppendError: The expected version of at least one event does not hold; nothing was stored.
            StoreError: The store could not be written; nothing was stored.
        """

    def is_unknown(self, aggregate_id: str) -> bool:
        """True only if the store knows *without reading* that an aggregate has no events."""

    async def load(self, after_versions: Mapping[str, int], *, envelopes: bool = True) -> Mapping[str, History]:
        """Histories of several aggregates.

        Args:
            after_versions: Aggregate id → version after which to read (0: everything).
            envelopes: False where nobody will look at ids, metadata and sender: a store may leave them empty (the
                metadata ``{}``) and be quicker.

        Returns:
            A history for each id asked for; an empty one where there are no events.
        """

    async def read(self, after: int, limit: int) -> Sequence[StoredEvent]:
        """At most ``limit`` events with a sequence number greater than ``after``, in order, without gaps."""

    async def find_outcomes(self, command_ids: Sequence[str]) -> Mapping[str, StoredEvent | OutcomeRecord]:
        """The outcomes of those commands that have one."""
