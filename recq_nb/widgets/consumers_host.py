"""What the consumers widget needs of a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from recq_nb.modeling.bundle import Bundle


class Status(Protocol):
    """How a consumer is doing; see ``ConsumerStatus``."""

    consumer_id: str
    component: str
    kind: str
    version: int
    context: str
    position: int
    head: int
    lag: int
    health: str
    reason: str
    attempts: int
    dead_events: int
    last_error: str


class Tried(Protocol):
    """What became of a dead event that was handled again; see ``Redriven``."""

    sequence_number: int
    error: str


class Rows(Protocol):
    """A result of SQL."""

    def rows(self) -> list[tuple[object, ...]]:
        """Its rows."""


class Readable(Protocol):
    """What runs SQL."""

    def sql(self, text: str, /, *parameters: object) -> Rows:
        """Run SQL that reads."""


class ConsumersHost(Readable, Protocol):
    """A session, as the consumers widget sees it. All that acts waits for the engine."""

    @property
    def bundle(self) -> Bundle:
        """The registered model."""

    def consumer_statuses(self) -> Sequence[Status]:
        """How every consumer is doing."""

    def pause(self, consumer: str) -> None:
        """Stop consuming."""

    def resume(self, consumer: str) -> None:
        """Go on consuming."""

    def replay(self, component: str) -> None:
        """Consume the log again."""

    def redrive(self, consumer: str | None = None, sequence_number: int | None = None) -> Sequence[Tried]:
        """Handle dead events once more."""

    def delete_dead_events(self, consumer: str, sequence_number: int | None = None) -> int:
        """Give dead events up."""

    def cancel_scheduled(self, schedule_id: str) -> None:
        """Take a scheduled command back."""

    def retry_scheduled(self, schedule_id: str) -> None:
        """Send what was given up once more."""
