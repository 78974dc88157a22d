"""What the console needs of a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from recq_nb.flow.recorder import FlowRecorder
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.payload import Command, Query


class Rows(Protocol):
    """A result of SQL."""

    def rows(self) -> list[tuple[object, ...]]:
        """Its rows."""


class SettledLater(Protocol):
    """A reply that is on its way."""

    def exception(self) -> BaseException | None:
        """What it failed with."""

    def result(self, timeout: float | None = None) -> object:
        """What it was answered with."""

    def cancel(self) -> bool:
        """Stop waiting for it."""

    def add_done_callback(self, callback: Callable[..., None]) -> None:
        """Call this once there is an outcome."""


class ConsoleHost(Protocol):
    """A session, as the console sees it.

    Attributes:
        recorder: What remembers the newest flow steps.
    """

    recorder: FlowRecorder

    @property
    def bundle(self) -> Bundle:
        """The registered model."""

    def send(self, command: Command, *, command_id: str | None = None) -> SettledLater:
        """Send a command."""

    def query(self, query: Query[object]) -> SettledLater:
        """Ask a query."""

    def sql(self, text: str, /, *parameters: object) -> Rows:
        """Run SQL."""
