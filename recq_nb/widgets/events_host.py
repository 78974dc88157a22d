"""What the events part needs of a session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from recq_nb.flow.field_change import FieldChange
from recq_nb.flow.recorder import FlowRecorder
from recq_nb.modeling.bundle import Bundle
from recq_nb.ports.event_search import EventSearch


class AggregatePast(Protocol):
    """One aggregate as it was."""

    @property
    def aggregate(self) -> str:
        """Its component."""

    @property
    def version(self) -> int:
        """How many events it had."""

    @property
    def state(self) -> str:
        """JSON text; ``""`` where there is none to show."""

    @property
    def problem(self) -> str:
        """Why its state is not known."""


class PastFailure(Protocol):
    """An event that a projector could not project."""

    @property
    def component(self) -> str:
        """The projector."""

    @property
    def sequence_number(self) -> int:
        """The event."""

    @property
    def error(self) -> BaseException:
        """What it raised."""


class PastTable(Protocol):
    """A read model as it was."""

    @property
    def row_count(self) -> int:
        """How many rows it had."""


class PastFacts(Protocol):
    """A model as of one event."""

    @property
    def changes(self) -> Sequence[FieldChange]:
        """What the event changed."""

    @property
    def failures(self) -> Sequence[PastFailure]:
        """What could not be projected up to there."""

    @property
    def states(self) -> Mapping[str, AggregatePast]:
        """Every aggregate, by id."""

    @property
    def pictures(self) -> Mapping[str, PastTable]:
        """Every read model, by table name."""

    @property
    def fresh(self) -> Mapping[str, Sequence[int]]:
        """Rows of read models that the event changed."""

    @property
    def event_aggregate(self) -> str:
        """The aggregate of the event; ``""`` without one."""

    @property
    def seconds(self) -> float:
        """How long finding it out took."""

    def table_rows(self, table: str, limit: int) -> tuple[list[str], list[list[object]], list[bool]]:
        """Columns, rows with those the event changed first, and which those are."""


class Preparing(Protocol):
    """How far the replay is."""

    @property
    def position(self) -> int:
        """The last event replayed."""


class EventsHost(Protocol):
    """A session, as far as this part looks at it."""

    recorder: FlowRecorder

    @property
    def bundle(self) -> Bundle:
        """The registered model."""

    @property
    def head(self) -> int:
        """The newest event."""

    def event_search(self) -> EventSearch:
        """Reads the log."""

    def as_of(self, sequence_number: int, *, timeout: float = ...) -> PastFacts:
        """Everything as of an event; ``StaleReadError`` where the replay has not come that far in time."""

    def time_travel_progress(self) -> Preparing:
        """How far the replay is."""
