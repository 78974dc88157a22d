"""Folding events into aggregate state with the component's event-sourcing handlers."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import ValidationError

from recq_nb.errors import HandlerResultError, ModelingError, PayloadError
from recq_nb.modeling.capability import HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.message import EventMessage
from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload import Event
from recq_nb.modeling.serialization import decode_model
from recq_nb.modeling.state import AggregateState
from recq_nb.ports.snapshot_store import SnapshotRecord
from recq_nb.ports.system_state_store import EventRecord, StoredEvent
from recq_nb.runtime.arguments import ArgumentPlan, Provider
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.handler_failure import annotate
from recq_nb.runtime.timestamps import timestamp_of


class FoldFrame:
    """One event being folded; what is seldom asked for is made when it is."""

    __slots__ = ("event", "record", "sequence_number", "state")

    def __init__(self, event: Event, record: EventRecord, sequence_number: int, state: AggregateState | None) -> None:
        self.event = event
        self.record = record
        self.sequence_number = sequence_number
        self.state = state

    def message(self) -> EventMessage:
        """The event in its envelope; its sequence number is 0 while it is only decided, not stored."""
        record = self.record
        return EventMessage(
            self.sequence_number,
            record.event_id,
            record.correlation_id,
            record.causation_id,
            record.event_name,
            self.event,
            Metadata.from_json(record.metadata),
            timestamp_of(record.timestamp),
            record.sender,
            record.aggregate_id,
            record.version,
            record.context,
        )


_PROVIDERS: dict[Injection, Provider[FoldFrame]] = {
    Injection.PAYLOAD: lambda _: lambda frame: frame.event,
    Injection.STATE: lambda _: lambda frame: frame.state,
    Injection.EVENT_MESSAGE: lambda _: lambda frame: frame.message(),
    Injection.METADATA: lambda _: lambda frame: Metadata.from_json(frame.record.metadata),
    Injection.TIMESTAMP: lambda _: lambda frame: timestamp_of(frame.record.timestamp),
}


class _Fold(NamedTuple):
    handler: HandlerDefinition
    plan: ArgumentPlan[FoldFrame]


class AggregateFolding:
    """Rebuilds and advances the state of one aggregate component.

    An event without an event-sourcing handler leaves the state as it is.

    Attributes:
        component: The aggregate.
        wants_envelopes: Whether a handler looks at an event's message or metadata.
    """

    def __init__(self, component: ComponentDefinition) -> None:
        assert component.state_type is not None
        assert issubclass(component.state_type, AggregateState)
        self.component = component
        self._state_type: type[AggregateState] = component.state_type
        self._folds = {
            name: _Fold(handler, ArgumentPlan(handler, _PROVIDERS))
            for name, handler in component.handlers_of(HandlerKind.EVENT_SOURCING).items()
        }
        self.wants_envelopes = any(
            fold.handler.wants(wanted)
            for fold in self._folds.values()
            for wanted in (Injection.EVENT_MESSAGE, Injection.METADATA)
        )

    def apply(
        self, state: AggregateState | None, event: Event, record: EventRecord, sequence: int = 0
    ) -> AggregateState:
        """The state after one more event.

        Raises:
            HandlerResultError: The handler returned something that is no state.
            Exception: Whatever the handler raises; it has a bug.
        """
        fold = self._folds.get(record.event_name)
        if fold is None:
            return state if state is not None else self._empty(None)
        return self._folded(fold, state, event, record, sequence)

    def _folded(
        self, fold: _Fold, state: AggregateState | None, event: Event, record: EventRecord, sequence: int
    ) -> AggregateState:
        if state is None and fold.handler.wants(Injection.STATE) and not self._state_optional(fold.handler):
            state = self._empty(fold.handler)
        try:
            folded = fold.plan.call(FoldFrame(event, record, sequence, state))
        except BaseException as error:  # noqa: BLE001  border: the handler call
            raise annotate(error, fold.handler.label, record.event_name)  # noqa: B904  itself, or caused by it
        if type(folded) is self._state_type:  # asking pydantic's metaclass costs as much as a small handler
            return folded
        if folded is None:
            if state is None:
                return self._empty(fold.handler)
            return state
        if not isinstance(folded, AggregateState):
            raise HandlerResultError(
                f"{fold.handler.label} returned a {type(folded).__name__}; an event-sourcing handler returns the new "
                "state, or nothing after changing the one it was given.",
                remedy=f"Return a {self._state_type.__name__}.",
            )
        return folded

    @staticmethod
    def _state_optional(handler: HandlerDefinition) -> bool:
        return any(p.optional for p in handler.parameters if p.injection is Injection.STATE)

    def _empty(self, handler: HandlerDefinition | None) -> AggregateState:
        try:
            return self._state_type()
        except ValidationError:
            where = handler.label if handler is not None else self.component.name
            raise ModelingError(
                f"{where} needs a first {self._state_type.__name__}, whose fields have no defaults.",
                remedy=f"Let the event-sourcing handler of the first event return a {self._state_type.__name__}(...), "
                "or give its fields defaults.",
            ) from None

    def rebuild(
        self, state: AggregateState | None, events: list[StoredEvent] | tuple[StoredEvent, ...], reader: EventReader
    ) -> AggregateState | None:
        """The state after stored events; those without a handler are not even read."""
        for stored in events:
            sequence_number, record = stored
            fold = self._folds.get(record.event_name)
            if fold is not None:
                state = self._folded(fold, state, reader.payload(stored), record, sequence_number)
        return state if state is not None or not events else self._empty(None)

    def from_snapshot(self, snapshot: SnapshotRecord) -> AggregateState | None:
        """The state a snapshot keeps; None where it does not fit the state class (it is only a cache)."""
        try:
            return decode_model(self._state_type, snapshot.state)
        except PayloadError:
            return None
