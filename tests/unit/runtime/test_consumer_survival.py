"""Whatever a handler raises or returns, its consumer lives on."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import sys
from collections.abc import Callable

import pytest

from recq_nb import (
    CommandGateway,
    EventMessage,
    Session,
    event_handler,
    observer,
    projector,
)
from tests.domains.tally import TallyAddedEvent
from tests.domains.tally_poison import (
    POISON,
    Switch,
    add,
    dead,
    fail,
    opened,
    reading_observer,
    reading_projector,
    reading_saga,
)
from tests.waiting import HastyClock

KINDS = pytest.mark.parametrize("reader", [reading_projector, reading_saga, reading_observer])
Reader = Callable[..., type]


@KINDS
@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(), StopIteration()], ids=repr
)
def test_no_exception_whatever_ends_a_consumer(reader: Reader, error: BaseException) -> None:
    switch = Switch(fail(error))
    with opened(Session(clock=HastyClock()), reader(switch, retry=1)) as session:
        add(session, 1, POISON, 2)
        session.settled().result()

        ((sequence_number, exception, attempts),) = dead(session)
        assert (sequence_number, attempts) == (3, 2)
        assert type(error).__name__ in str(exception)
        assert sorted(set(switch.seen)) == [1, 2]


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError(), StopAsyncIteration()], ids=repr)
def test_no_exception_of_an_async_handler_ends_its_consumer(error: BaseException) -> None:
    seen: list[int] = []

    @observer(start="first")
    class Reader:
        @event_handler(retry=0)
        async def added(self, event: TallyAddedEvent, commands: CommandGateway) -> None:
            if event.amount == POISON:
                raise error
            seen.append(event.amount)

    with opened(Session(clock=HastyClock()), Reader) as session:
        add(session, 1, POISON, 2)
        session.settled().result()

        assert sorted(seen) == [1, 2]
        assert [row[0] for row in dead(session)] == [3]


def test_a_handler_that_returns_something_is_told_that_consumers_emit_nothing() -> None:
    @observer(start="first")
    class Watcher:
        @event_handler(retry=0)
        def added(self, event: TallyAddedEvent) -> int:
            return event.amount

    @projector
    class Board:
        @event_handler(retry=0)
        def added(self, event: TallyAddedEvent, message: EventMessage) -> EventMessage:
            return message

    with opened(Session(clock=HastyClock()), Watcher, Board) as session:
        add(session, 1)
        session.settled().result()

        exceptions = sorted(session.dead_events_df()["exception"])

    assert exceptions[0].startswith("HandlerResultError: Board.added returned a EventMessage; projectors emit nothing")
    assert exceptions[1].startswith("HandlerResultError: Watcher.added returned a int; observers emit nothing")


def test_an_endless_recursion_in_a_handler_is_a_bug_like_any_other() -> None:
    def recurse() -> None:
        recurse()

    with opened(Session(clock=HastyClock()), reading_projector(Switch(recurse), retry=0)) as session:
        add(session, POISON, 1)
        session.settled().result()

        ((_, exception, _),) = dead(session)
        assert str(exception).startswith("RecursionError")
        assert sys.getrecursionlimit() > 0
