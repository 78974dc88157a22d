"""The scheduled command store: commands to be sent later, kept until they have been."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class ScheduledCommandRecord(NamedTuple):
    """A command to be sent at a moment.

    Attributes:
        schedule_id: Its identity, and the command id it is sent under: however often it fires, it acts once.
        saga_id: The saga instance that scheduled it.
        saga_name: The saga component.
        command_name: Class name of the command.
        payload: JSON text of the command.
        metadata: JSON text; propagates to the command.
        correlation_id: The flow it belongs to.
        causation_id: The event whose handling scheduled it.
        due_at: Microseconds since the epoch, UTC.
        attempts: Failed attempts so far.
        last_error: What the newest of them failed with.
        given_up: Whether it failed for good and waits for somebody to decide.
    """

    schedule_id: str
    saga_id: str
    saga_name: str
    command_name: str
    payload: str
    metadata: str
    correlation_id: str
    causation_id: str
    due_at: int
    attempts: int = 0
    last_error: str = ""
    given_up: bool = False


class ScheduledCommandTransaction(Protocol):
    """Changes schedules inside a consumer transaction, together with the saga state that knows of them."""

    def add(self, record: ScheduledCommandRecord) -> None:
        """Schedule a command; one with the same id is replaced."""

    def cancel(self, schedule_id: str) -> None:
        """Take a schedule back; nothing happens if it has fired."""

    def cancel_all(self, saga_id: str) -> None:
        """Take back everything a saga instance has scheduled."""


class ScheduledCommandStore(Protocol):
    """What the scheduler reads and clears."""

    async def due(self, now: int) -> Sequence[ScheduledCommandRecord]:
        """Schedules whose moment has come and that were not given up, earliest first."""

    async def next_due(self, after: int) -> int | None:
        """The earliest moment later than ``after`` at which something is due."""

    async def is_scheduled(self, schedule_id: str) -> bool:
        """Whether a schedule is still there, neither fired nor cancelled."""

    async def remove(self, schedule_id: str) -> None:
        """A schedule has fired and its command has an outcome."""

    async def note_failure(self, schedule_id: str, attempts: int, error: str, *, given_up: bool) -> None:
        """An attempt has failed."""

    async def try_again(self, schedule_id: str) -> bool:
        """Have a schedule that was given up due again, as if it had never failed; whether there was one."""
