"""Gateways as components see them, and what comes back through them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar, runtime_checkable

from recq_nb.modeling.metadata import JsonValue
from recq_nb.modeling.payload import Command, Event, Query

V = TypeVar("V")
Outcome_co = TypeVar("Outcome_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a command's reply carries: its outcome, never queried data.

    Attributes:
        command_id: Id of the command; sending it again under this id returns this confirmation.
        correlation_id: The flow it belongs to.
        event_name: Class name of the stored event; ``""`` where a service published none.
        event_id: Id of the stored event; ``""`` where there is none.
        sequence_number: Its place in the log; pass the confirmation as ``query(..., after=…)`` to read your own
            write. 0 where there is no event.
        aggregate_id: The aggregate; ``""`` for a service without lock id.
        version: The aggregate's version after the event; 0 for a service.
        event: The stored event, for inspection.
        timestamp: When the event was decided, UTC.
    """

    command_id: str
    correlation_id: str
    event_name: str
    event_id: str
    sequence_number: int
    aggregate_id: str
    version: int
    event: Event | None
    timestamp: datetime


@runtime_checkable
class Reply(Protocol[Outcome_co]):
    """An answer that is on its way. Await it in any event loop, or call ``result`` in any thread but the engine's."""

    def __await__(self) -> Generator[object, None, Outcome_co]: ...

    def result(self, timeout: float | None = None) -> Outcome_co:
        """Wait in this thread for the outcome, at most ``timeout`` seconds.

        Raises:
            TimeoutError: Not there yet; the request itself goes on.
            Exception: Whatever the request failed with.
        """

    def done(self) -> bool:
        """True once there is an outcome."""

    def cancel(self) -> bool:
        """Stop waiting. The work itself goes on: a command that was sent may still take effect."""


class CommandGateway(ABC):
    """Sends commands on behalf of the component that asked for it; correlation and metadata propagate."""

    @abstractmethod
    def send(
        self,
        command: Command,
        *,
        metadata: Mapping[str, JsonValue] | None = None,
        timeout: float | None = None,
        command_id: str | None = None,
    ) -> Reply[Confirmation]:
        """Send a command to its one handler.

        Args:
            command: What to do.
            metadata: Laid over what the causing message carries.
            timeout: Seconds until the reply fails as *outcome unknown*; the session's default (30) when None.
            command_id: Repeat an earlier command under its id: the first outcome comes back.
        """


class CommandScheduler(ABC):
    """Has commands sent later on behalf of one saga instance.

    What is scheduled is stored together with the saga's state, fires after a restart too (late rather than never),
    acts once however often it fires, and is cancelled when the saga ends.
    """

    @abstractmethod
    def schedule(self, command: Command, *, after: timedelta | None = None, at: datetime | None = None) -> str:
        """Send a command after a delay, or at a moment.

        Args:
            command: What to do then.
            after: Delay from now.
            at: The moment, timezone-aware.

        Returns:
            The schedule's id, to be kept in the saga state if it may have to be cancelled.
        """

    @abstractmethod
    def cancel(self, schedule_id: str) -> None:
        """Take a schedule back; nothing happens if it has fired already."""


class QueryGateway(ABC):
    """Asks queries on behalf of the component that asked for it; correlation and metadata propagate."""

    @abstractmethod
    def query(
        self,
        query: Query[V],
        *,
        after: Confirmation | Reply[Confirmation] | int | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
        timeout: float | None = None,
    ) -> Reply[V]:
        """Ask a query of its projection.

        Args:
            query: What to know.
            after: Wait until the consumers that feed the projection have passed this confirmation (or sequence
                number), so that the answer includes that write.
            metadata: Laid over what the causing message carries.
            timeout: Seconds until the reply fails; the session's default (30) when None.
        """
