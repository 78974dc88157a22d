"""Replaying the log into the state of every aggregate, for looking at any moment of the past."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from recq_nb.errors import PayloadError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.serialization import encode_model
from recq_nb.modeling.state import AggregateState
from recq_nb.ports.snapshot_store import SnapshotRecord
from recq_nb.runtime.aggregate_folding import AggregateFolding
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.event_tail import TailEvent


class AggregatePicture(NamedTuple):
    """One aggregate as it was.

    Attributes:
        aggregate: Its component; ``""`` where no registered one knows its events.
        version: How many events it had.
        state: Its state as JSON text; ``""`` where there is none to show.
        problem: Why its state is not known, e.g. what its event-sourcing handler raised; ``""`` otherwise.
        problem_at: The sequence number of the event where that began; 0 otherwise.
    """

    aggregate: str
    version: int
    state: str
    problem: str = ""
    problem_at: int = 0


class AggregateReplay:
    """Folds events, in the order of the log, into the states of their aggregates. For one thread at a time.

    It decides nothing, stores nothing and shares no state with the aggregates that are alive. What a handler raises is
    kept as the aggregate's problem; from there on its state is unknown.
    """

    def __init__(self, bundle: Bundle, reader: EventReader) -> None:
        self._foldings = {
            component.name: AggregateFolding(component)
            for component in bundle.components.values()
            if component.kind is ComponentKind.AGGREGATE
        }
        self._handled = {
            name: frozenset(folding.component.handlers_of(HandlerKind.EVENT_SOURCING))
            for name, folding in self._foldings.items()
        }
        self._by_event = {event_name: name for name, handled in self._handled.items() for event_name in handled}
        self._reader = reader
        self._pictures: dict[str, AggregatePicture] = {}
        self._alive: dict[str, AggregateState | None] = {}

    def restore(self, pictures: Mapping[str, AggregatePicture]) -> None:
        """Go on from these pictures."""
        self._pictures = dict(pictures)
        self._alive = {}

    def pictures(self) -> dict[str, AggregatePicture]:
        """Every aggregate as it is now, by id; those unchanged since the last time are the same objects."""
        for aggregate_id in self._alive:
            self._settle(aggregate_id)
        self._alive = {}
        return dict(self._pictures)

    def _settle(self, aggregate_id: str) -> None:
        state = self._alive[aggregate_id]
        if state is None:
            return
        picture = self._pictures[aggregate_id]
        try:
            self._pictures[aggregate_id] = picture._replace(state=encode_model(state))
        except PayloadError as error:
            self._pictures[aggregate_id] = picture._replace(problem=str(error), state="")

    def advance(self, event: TailEvent) -> None:
        """Fold one more event; service events belong to no aggregate."""
        sequence_number, record = event.stored
        if not record.version:
            return
        aggregate_id = record.aggregate_id
        known = self._pictures.get(aggregate_id)
        name = (known.aggregate if known is not None else "") or self._component_of(record.sender, record.event_name)
        picture = AggregatePicture(name, record.version, "") if known is None else known
        picture = picture._replace(aggregate=name, version=record.version)
        self._pictures[aggregate_id] = picture
        folding = self._foldings.get(name)
        if folding is None or picture.problem or record.event_name not in self._handled[name]:
            return
        try:
            before = self._state(aggregate_id, picture, folding)
            payload = event.payload if event.payload is not None else self._reader.payload(event.stored)
            self._alive[aggregate_id] = folding.apply(before, payload, record, sequence_number)
        except Exception as error:  # noqa: BLE001  border: the handler call
            self._alive.pop(aggregate_id, None)
            problem = f"{type(error).__name__}: {error}"
            self._pictures[aggregate_id] = picture._replace(state="", problem=problem, problem_at=sequence_number)

    def _component_of(self, sender: str, event_name: str) -> str:
        return sender if sender in self._foldings else self._by_event.get(event_name, "")

    def _state(self, aggregate_id: str, picture: AggregatePicture, folding: AggregateFolding) -> AggregateState | None:
        if aggregate_id in self._alive:
            return self._alive[aggregate_id]
        if not picture.state:
            return None
        return folding.from_snapshot(SnapshotRecord(aggregate_id, picture.version, "", picture.state, 0))
