"""The dead event queue: events a consumer could not handle, kept with the reason until somebody decides."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class DeadEventRecord(NamedTuple):
    """An event one consumer gave up on.

    Attributes:
        consumer_id: The consumer.
        sequence_number: The event.
        event_name: Its class name.
        aggregate_id: Its aggregate.
        context: Its context.
        exception: Class and message of what was raised.
        traceback: The full traceback, as text.
        attempts: How often it was tried.
        dead_at: Microseconds since the epoch, UTC.
    """

    consumer_id: str
    sequence_number: int
    event_name: str
    aggregate_id: str
    context: str
    exception: str
    traceback: str
    attempts: int
    dead_at: int


class DeadEventTransaction(Protocol):
    """Changes the queue inside a consumer transaction, so that an event is parked exactly when it is passed over."""

    def park(self, record: DeadEventRecord) -> None:
        """Add an event, replacing an earlier record of the same consumer and event."""

    def remove(self, consumer_id: str, sequence_number: int) -> None:
        """Take an event out, once its re-drive has succeeded or somebody gave it up."""
