"""Consumers of each kind that fail at a poisonous event, as they are told."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

from collections.abc import Callable

from recq_nb import (
    Key,
    ReadModel,
    SagaState,
    Session,
    Table,
    event_handler,
    observer,
    projector,
    saga,
    saga_event_handler,
)
from tests.domains import tally
from tests.domains.tally import TallyAddCommand, TallyAddedEvent, TallyOpenCommand

POISON = 13


class SeenRow(ReadModel):
    amount: Key[int]


class ReaderState(SagaState):
    total: int = 0


class Switch:
    """What a handler does with a poisonous event; seen amounts in the order they came through."""

    def __init__(self, fail: Callable[[], object]) -> None:
        self.fail = fail
        self.tries = 0
        self.seen: list[int] = []

    def take(self, amount: int) -> None:
        if amount == POISON:
            self.tries += 1
            self.fail()
        self.seen.append(amount)


def fail(error: BaseException) -> Callable[[], object]:
    def handler_fails() -> None:
        raise error

    return handler_fails


def reading_projector(switch: Switch, retry: int = 2) -> type:
    @projector
    class Reader:
        @event_handler(retry=retry, retry_delay=4.0)
        def added(self, event: TallyAddedEvent, rows: Table[SeenRow]) -> None:
            rows.upsert(SeenRow(amount=event.amount))
            switch.take(event.amount)

    return Reader


def reading_saga(switch: Switch, retry: int = 2) -> type:
    @saga(start="first")
    class Reader:
        @saga_event_handler(init=True, association_property="identifier", retry=retry, retry_delay=4.0)
        def added(self, event: TallyAddedEvent, state: ReaderState | None) -> ReaderState:
            switch.take(event.amount)
            kept = state or ReaderState()
            kept.associate("identifier", event.identifier)
            kept.total += event.amount
            return kept

    return Reader


def reading_observer(switch: Switch, retry: int = 2) -> type:
    @observer(start="first")
    class Reader:
        @event_handler(retry=retry, retry_delay=4.0)
        def added(self, event: TallyAddedEvent) -> None:
            switch.take(event.amount)

    return Reader


def opened(session: Session, *components: type) -> Session:
    session.register(tally, *components)
    session.send(TallyOpenCommand(identifier="T")).result()
    return session


def add(session: Session, *amounts: int) -> None:
    for amount in amounts:
        session.send(TallyAddCommand(identifier="T", amount=amount)).result()


def dead(session: Session) -> list[tuple[object, ...]]:
    return session.sql("SELECT sequence_number, exception, attempts FROM recq.dead_events ORDER BY ALL").rows()
