"""Tallies that count, a projector that copies them, a query that shows them: a small system to test the machinery."""

from __future__ import annotations

from recq_nb import (
    AggregateId,
    AggregateState,
    DomainCommand,
    DomainEvent,
    Key,
    Query,
    ReadModel,
    Table,
    View,
    aggregate,
    aggregate_command_handler,
    event_handler,
    event_sourcing_handler,
    projection,
    projector,
    query_handler,
    reject,
)


class TallyOpenCommand(DomainCommand):
    identifier: AggregateId


class TallyAddCommand(DomainCommand):
    identifier: AggregateId
    amount: int = 1


class TallyCloseCommand(DomainCommand):
    identifier: AggregateId


class TallyOpenedEvent(DomainEvent):
    identifier: str


class TallyAddedEvent(DomainEvent):
    identifier: str
    amount: int


class TallyClosedEvent(DomainEvent):
    identifier: str


class TallyView(View):
    identifier: str
    total: int


class TallyFindQuery(Query[TallyView]):
    identifier: str


class TallyState(AggregateState):
    total: int = 0


@aggregate
class TallyAggregate:
    @aggregate_command_handler(init=True)
    def open(self, command: TallyOpenCommand) -> TallyOpenedEvent:
        return TallyOpenedEvent(identifier=command.identifier)

    @aggregate_command_handler
    def add(self, command: TallyAddCommand, state: TallyState) -> TallyAddedEvent:
        if command.amount < 0:
            reject("tally.negative", f"a tally of {state.total} only grows")
        return TallyAddedEvent(identifier=command.identifier, amount=command.amount)

    @aggregate_command_handler
    def close(self, command: TallyCloseCommand) -> TallyClosedEvent:
        return TallyClosedEvent(identifier=command.identifier)

    @event_sourcing_handler
    def opened(self, event: TallyOpenedEvent) -> TallyState:
        return TallyState()

    @event_sourcing_handler
    def added(self, event: TallyAddedEvent, state: TallyState) -> None:
        state.total += event.amount

    @event_sourcing_handler
    def closed(self, event: TallyClosedEvent, state: TallyState) -> None:
        state.deleted = True


class TallyRow(ReadModel):
    identifier: Key[str]
    total: int = 0


@projector
class TallyProjector:
    @event_handler
    def opened(self, event: TallyOpenedEvent, rows: Table[TallyRow]) -> None:
        rows.upsert(TallyRow(identifier=event.identifier))

    @event_handler
    def added(self, event: TallyAddedEvent, rows: Table[TallyRow]) -> None:
        row = rows.get(event.identifier)
        assert row is not None
        rows.update(event.identifier, total=row.total + event.amount)

    @event_handler
    def closed(self, event: TallyClosedEvent, rows: Table[TallyRow]) -> None:
        rows.delete(event.identifier)


@projection
class TallyProjection:
    @query_handler
    def find(self, query: TallyFindQuery, rows: Table[TallyRow]) -> TallyView:
        row = rows.get(query.identifier)
        if row is None:
            raise LookupError(f"there is no tally {query.identifier!r}")
        return TallyView(**row.model_dump())
