"""What becomes of an event that a projector cannot handle, and of its neighbours."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pytest

from recq_nb import (
    EventMessage,
    Key,
    ReadModel,
    Session,
    Table,
    TransientError,
    event_handler,
    projector,
)
from recq_nb.testing.clock import START, ManualClock
from tests.domains import tally
from tests.domains.tally import (
    TallyFindQuery,
    TallyOpenedEvent,
)
from tests.integration.tally_model import WAIT, opened, settle


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock()


@pytest.fixture
def session(clock: ManualClock) -> Iterator[Session]:
    """A session with the tally system."""
    with Session(clock=clock) as running:
        running.register(tally)
        yield running


def test_a_transient_failure_is_tried_again_for_as_long_as_it_takes(session: Session, clock: ManualClock) -> None:
    outages = [TransientError("not now"), ConnectionRefusedError("nobody there"), TimeoutError("too slow")] * 3
    left = list(outages)

    @projector
    class Watching:
        @event_handler(retry=0)
        def opened(self, event: TallyOpenedEvent) -> None:
            if left:
                raise left.pop()

    session.register(Watching)
    opened(session, "A")
    stalls = []
    for _ in outages:
        clock.wait_for_sleepers()
        status = next(status for status in session.status().consumers if status.component == "Watching")
        stalls.append((status.health.value, status.position, status.dead_events, bool(status.reason)))
        clock.advance(timedelta(minutes=5))
    settle(session)

    assert stalls == [("stalled", 0, 0, True)] * len(outages)
    assert session.status().consumers[-1].position == 1
    assert len(session.sql("from recq.dead_events")) == 0


def test_a_permanent_failure_is_retried_as_told_and_then_set_aside_with_its_reason(
    session: Session, clock: ManualClock
) -> None:
    attempts: list[str] = []

    @projector
    class Watching:
        @event_handler(retry=2, retry_delay=10)
        def opened(self, event: TallyOpenedEvent) -> None:
            attempts.append(event.identifier)
            if event.identifier == "bad":
                raise ValueError("it's \ud800 bad")

    session.register(Watching)
    opened(session, "A", "bad", "B")
    for _ in range(2):
        clock.wait_for_sleepers()
        clock.advance(timedelta(minutes=5))
    settle(session)

    assert [attempts.count(name) for name in ("bad", "B")] == [3, 1]
    dead = session.sql("select sequence_number, attempts, exception, dead_at from recq.dead_events").rows()
    assert [row[:2] for row in dead] == [(2, 3)]
    assert "ValueError: it's" in str(dead[0][2])
    assert dead[0][3] == START + timedelta(minutes=10)


class WideRow(ReadModel):
    identifier: Key[str]
    number: int


def test_a_row_no_table_takes_is_its_events_failure_and_not_its_neighbours(session: Session) -> None:
    @projector
    class Wide:
        @event_handler(retry=0)
        def opened(self, event: TallyOpenedEvent, rows: Table[WideRow]) -> None:
            rows.upsert(WideRow(identifier=event.identifier, number=10**30 if event.identifier == "bad" else 1))

    opened(session, "A", "B", "bad", "C", "D", "E", "F")
    session.register(Wide)
    settle(session)

    assert sorted(session.sql("select identifier from wide_row").rows()) == [(name,) for name in "ABCDEF"]
    dead = session.sql("select sequence_number, exception from recq.dead_events").rows()
    assert [(number, str(error).partition(":")[0]) for number, error in dead] == [(3, "ReadModelError")]


def test_a_failing_sql_statement_is_its_events_failure_even_where_the_handler_hides_it(session: Session) -> None:
    @projector
    class Hiding:
        @event_handler(retry=0)
        def opened(self, event: TallyOpenedEvent, rows: Table[WideRow], connection: duckdb.DuckDBPyConnection) -> None:
            rows.upsert(WideRow(identifier=event.identifier, number=1))
            if event.identifier == "bad":
                with contextlib.suppress(duckdb.Error):
                    connection.execute("insert into wide_row values ('A', 1), ('A', 1)")

    opened(session, "A", "bad", "C")
    session.register(Hiding)
    settle(session)

    assert sorted(session.sql("select identifier from wide_row").rows()) == [("A",), ("C",)]
    assert session.sql("select sequence_number from recq.dead_events").rows() == [(2,)]


def test_a_result_that_is_read_by_halves_keeps_nobody_waiting(session: Session) -> None:
    @projector
    class Reading:
        @event_handler(retry=0)
        def opened(self, event: TallyOpenedEvent, rows: Table[WideRow], connection: duckdb.DuckDBPyConnection) -> None:
            numbers = connection.execute("select range from range(5000)")
            first = numbers.fetchone()
            rows.upsert(WideRow(identifier=event.identifier, number=1))
            assert rows.find(identifier=event.identifier)
            assert (first, numbers.fetchmany(2), len(numbers.fetchall())) == ((0,), [(1,), (2,)], 4997)
            assert connection.execute("select 1 as n").df().to_dict("records") == [{"n": 1}]
            connection.execute("select range from range(5000)").fetchone()

    session.register(Reading)
    opened(session, "A", "B")
    settle(session)

    assert len(session.sql("from wide_row")) == 2
    assert len(session.sql("from recq.dead_events")) == 0


def test_a_projector_emits_nothing(session: Session) -> None:
    @projector
    class Emitting:
        @event_handler(retry=0)
        def opened(self, event: TallyOpenedEvent):  # type: ignore[no-untyped-def]  # noqa: ANN202  untyped as in a notebook
            return event

    session.register(Emitting)
    opened(session, "A")
    settle(session)

    ((reason,),) = session.sql("select exception from recq.dead_events").rows()
    assert "Emitting.opened returned a TallyOpenedEvent; projectors emit nothing" in str(reason)


@pytest.mark.parametrize(
    "ending", [SystemExit, KeyboardInterrupt, asyncio.CancelledError, StopIteration, GeneratorExit]
)
@pytest.mark.parametrize("way", ["plain", "async"])
def test_no_exception_of_a_projector_ends_the_session(session: Session, ending: type[BaseException], way: str) -> None:
    @projector
    class Plain:
        @event_handler(retry=0)
        def opened(self, event: TallyOpenedEvent) -> None:
            raise ending

    @projector
    class Awaiting:
        @event_handler(retry=0)
        async def opened(self, event: TallyOpenedEvent) -> None:
            raise ending

    session.register(Plain if way == "plain" else Awaiting)
    last = opened(session, "A")
    settle(session)

    assert len(session.sql("from recq.dead_events")) == 1
    assert session.query(TallyFindQuery(identifier="A"), after=last).result(WAIT).total == 0


def test_an_async_projector_writes_like_a_plain_one(session: Session) -> None:
    @projector
    class Awaiting:
        @event_handler
        async def opened(self, event: TallyOpenedEvent, rows: Table[WideRow], message: EventMessage) -> None:
            await asyncio.sleep(0)
            rows.upsert(WideRow(identifier=event.identifier, number=message.sequence_number))

    session.register(Awaiting)
    opened(session, "A", "B")
    settle(session)

    assert session.sql("from wide_row order by all").rows() == [("A", 1), ("B", 2)]
