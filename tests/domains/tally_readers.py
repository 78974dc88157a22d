"""A consumer of each kind that notes what it sees, and tallies for it to see."""

# Annotations are evaluated at once in this module, so that components may be defined inside functions.

from collections import deque
from typing import Literal

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
from tests.domains.tally import TallyAddCommand, TallyAddedEvent

Start = Literal["first", "head"]


class Seen(deque[int]):
    """What a consumer has seen, in order. It is no list: the content of a list would count as the consumer's source."""


class LogRow(ReadModel):
    number: Key[int]


class CountState(SagaState):
    count: int = 0


def reader(kind: str, seen: Seen, *, start: Start = "first", version: int = 1) -> type:
    """A consumer of some kind that notes what it sees."""
    if kind == "projector":

        @projector(start=start, version=version)
        class Reader:
            @event_handler
            def added(self, event: TallyAddedEvent, rows: Table[LogRow]) -> None:
                rows.upsert(LogRow(number=event.amount))
                seen.append(event.amount)

        return Reader
    if kind == "saga":

        @saga(start=start, version=version)
        class Reader:  # type: ignore[no-redef]  # one of three
            @saga_event_handler(init=True, association_property="identifier")
            def added(self, event: TallyAddedEvent, state: CountState | None) -> CountState:
                seen.append(event.amount)
                kept = state or CountState()
                kept.associate("identifier", event.identifier)
                kept.count += 1
                return kept

        return Reader

    @observer(start=start, version=version, concurrency=1)
    class Reader:  # type: ignore[no-redef]  # one of three
        @event_handler
        def added(self, event: TallyAddedEvent) -> None:
            seen.append(event.amount)

    return Reader


def add(session: Session, *amounts: int) -> None:
    for amount in amounts:
        session.send(TallyAddCommand(identifier="T", amount=amount)).result()
