"""Reading: the sender never waits for projectors, a read may be stale and says so, and the cure always works."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from recq_nb import (
    ConsumerError,
    EventMessage,
    HandlerResultError,
    Key,
    PayloadError,
    ProjectorStatus,
    Query,
    QueryGateway,
    ReadModel,
    ReadModelError,
    Session,
    StaleReadError,
    Table,
    TransientError,
    View,
    event_handler,
    projection,
    projector,
    query_handler,
)
from recq_nb.testing.clock import START, ManualClock
from tests.domains import tally, todo_list
from tests.domains.tally import (
    TallyAddCommand,
    TallyAddedEvent,
    TallyFindQuery,
    TallyOpenCommand,
    TallyOpenedEvent,
    TallyProjection,
    TallyRow,
    TallyView,
)

WAIT = 30.0


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


def settle(session: Session) -> None:
    session.settled(timeout=WAIT).result(WAIT)


def opened(session: Session, *names: str) -> int:
    return [session.send(TallyOpenCommand(identifier=name)).result(WAIT).sequence_number for name in names][-1]


class BlockedProjector:
    """The tally projector, behind a gate."""

    def __init__(self) -> None:
        gate = self.gate = threading.Event()

        @projector
        class TallyProjector(tally.TallyProjector):
            @event_handler
            def opened(self, event: TallyOpenedEvent, rows: Table[TallyRow]) -> None:
                assert gate.wait(WAIT)
                rows.upsert(TallyRow(identifier=event.identifier))

        self.component = TallyProjector


# -- stale and fresh ---------------------------------------------------------------------------------------------------


def test_a_command_is_confirmed_before_any_projector_has_run(session: Session) -> None:
    blocked = BlockedProjector()
    session.register(blocked.component)

    confirmed = session.send(TallyOpenCommand(identifier="A")).result(WAIT)

    assert confirmed.sequence_number == 1
    assert [(consumer.position, consumer.lag) for consumer in session.status().consumers] == [(0, 1)]
    blocked.gate.set()
    settle(session)
    assert [(consumer.position, consumer.lag) for consumer in session.status().consumers] == [(1, 0)]


def test_a_read_without_after_may_be_stale_and_its_lag_is_visible(session: Session) -> None:
    blocked = BlockedProjector()
    session.register(blocked.component)
    confirmed = session.send(TallyOpenCommand(identifier="A")).result(WAIT)

    with pytest.raises(LookupError, match="there is no tally 'A'"):
        session.query(TallyFindQuery(identifier="A")).result(WAIT)

    assert session.status().consumers[0].lag == 1
    fresh = session.query(TallyFindQuery(identifier="A"), after=confirmed)
    assert not fresh.done()
    blocked.gate.set()
    assert fresh.result(WAIT) == TallyView(identifier="A", total=0)


def test_a_read_after_its_own_write_never_misses_it(session: Session) -> None:
    async def write_and_read(name: str, times: int) -> list[int]:
        await session.send(TallyOpenCommand(identifier=name))
        totals = []
        for _ in range(times):
            written = await session.send(TallyAddCommand(identifier=name))
            totals.append((await session.query(TallyFindQuery(identifier=name), after=written)).total)
        return totals

    async def all_of_them() -> list[list[int]]:
        return await asyncio.gather(*(write_and_read(f"T{n}", 100) for n in range(10)))

    assert asyncio.run(all_of_them()) == [list(range(1, 101))] * 10


@pytest.mark.parametrize("way", ["a confirmation", "a settled reply", "a sequence number"])
def test_after_takes_what_names_a_position(session: Session, way: str) -> None:
    reply = session.send(TallyOpenCommand(identifier="A"))
    confirmed = reply.result(WAIT)
    after: Any = {"a confirmation": confirmed, "a settled reply": reply, "a sequence number": 1}[way]

    view = session.query(TallyFindQuery(identifier="A"), after=after).result(WAIT)

    assert view == TallyView(identifier="A", total=0)


@pytest.mark.parametrize("after", ["1", -1, 1.5, True, object], ids=repr)
def test_after_refuses_what_names_none(session: Session, after: Any) -> None:  # noqa: ANN401  that is the mistake
    with pytest.raises(PayloadError, match="names no position in the log") as refused:
        session.query(TallyFindQuery(identifier="A"), after=after)

    assert refused.value.remedy


def test_a_position_that_is_not_reached_in_time_is_a_stale_read_with_the_reason(session: Session) -> None:
    blocked = BlockedProjector()
    session.register(blocked.component)
    confirmed = session.send(TallyOpenCommand(identifier="A")).result(WAIT)

    with pytest.raises(StaleReadError) as stale:
        session.query(TallyFindQuery(identifier="A"), after=confirmed, timeout=0.01).result(WAIT)

    assert "TallyFindQuery asked to read its own write, which has not been projected in time" in stale.value.problem
    assert "TallyProjector_1_* is" in stale.value.problem
    assert "at 0 of 1" in stale.value.problem
    blocked.gate.set()


def test_a_nested_query_sees_what_the_outer_one_asked_for(session: Session) -> None:
    class SumView(View):
        total: int

    class SumQuery(Query[SumView]):
        identifiers: list[str]

    @projection
    class Summing:
        @query_handler
        async def sum(self, query: SumQuery, queries: QueryGateway) -> SumView:
            asked = [queries.query(TallyFindQuery(identifier=identifier)) for identifier in query.identifiers]
            return SumView(total=sum([(await reply).total for reply in asked]))

    session.register(Summing, SumQuery, SumView)
    opened(session, "A", "B")
    session.send(TallyAddCommand(identifier="A", amount=2)).result(WAIT)
    last = session.send(TallyAddCommand(identifier="B", amount=3)).result(WAIT)

    view = session.query(SumQuery(identifiers=["A", "B"]), after=last).result(WAIT)

    assert view == SumView(total=5)


def test_settled_says_what_still_moves(session: Session) -> None:
    blocked = BlockedProjector()
    session.register(blocked.component)
    opened(session, "A")

    with pytest.raises(ConsumerError, match=r"TallyProjector_1_\* is .* at 0 of 1") as moving:
        session.settled(timeout=0.01).result(WAIT)

    assert moving.value.remedy
    blocked.gate.set()
    settle(session)


# -- a batch -----------------------------------------------------------------------------------------------------------


def test_a_handler_sees_its_own_and_its_batchs_earlier_writes(session: Session) -> None:
    blocked = BlockedProjector()
    session.register(blocked.component)
    opened(session, "A")
    for amount in range(1, 11):
        session.send(TallyAddCommand(identifier="A", amount=amount)).result(WAIT)

    blocked.gate.set()

    settle(session)
    assert session.sql("from tally_row").rows() == [("A", 55)]


def test_a_projector_knows_whether_it_replays(session: Session) -> None:
    seen: list[bool] = []

    @projector
    class Watching:
        @event_handler
        def opened(self, event: TallyOpenedEvent, status: ProjectorStatus) -> None:
            seen.append(status.head_reached)

    opened(session, "A", "B", "C")
    session.register(Watching)
    settle(session)
    opened(session, "D")
    settle(session)

    assert seen == [False, False, False, True]


# -- failures ----------------------------------------------------------------------------------------------------------


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


# -- projections -------------------------------------------------------------------------------------------------------


class SomeView(View):
    text: str


class OneQuery(Query[SomeView]):
    text: str = ""


class ManyQuery(Query[list[SomeView]]):
    pass


@pytest.mark.parametrize("result", [None, "text", [SomeView(text="x")], TallyView(identifier="A", total=1)], ids=repr)
def test_a_query_is_answered_with_its_view(session: Session, result: object) -> None:
    @projection
    class Answering:
        @query_handler
        def one(self, query: OneQuery):  # type: ignore[no-untyped-def]  # noqa: ANN202  untyped as in a notebook
            return result

    session.register(Answering, SomeView)

    with pytest.raises(HandlerResultError, match="OneQuery is answered with SomeView"):
        session.query(OneQuery()).result(WAIT)


@pytest.mark.parametrize("result", [None, SomeView(text="x"), [SomeView(text="x"), 5], "text", {}], ids=repr)
def test_a_query_for_many_is_answered_with_a_list(session: Session, result: object) -> None:
    @projection
    class Answering:
        @query_handler
        async def many(self, query: ManyQuery):  # type: ignore[no-untyped-def]  # noqa: ANN202  untyped as in a notebook
            return result

    session.register(Answering, SomeView)

    with pytest.raises(HandlerResultError, match=r"ManyQuery is answered with list\[SomeView\]"):
        session.query(ManyQuery()).result(WAIT)


def test_a_query_sees_one_consistent_state_however_long_it_looks(session: Session) -> None:
    looked, written = threading.Event(), threading.Event()

    @projection
    class Looking:
        @query_handler
        def one(self, query: OneQuery, rows: Table[TallyRow]) -> SomeView:
            before = rows.count()
            looked.set()
            assert written.wait(WAIT)
            return SomeView(text=f"{before} {rows.count()} {rows.get('B')}")

    session.register(Looking)
    opened(session, "A")
    settle(session)
    reply = session.query(OneQuery())
    assert looked.wait(WAIT)

    last = opened(session, "B")
    assert session.query(TallyFindQuery(identifier="B"), after=last).result(WAIT).total == 0
    written.set()

    assert reply.result(WAIT) == SomeView(text="1 1 None")


def test_a_projection_without_its_projector_says_so() -> None:
    with Session() as session:
        session.register(TallyProjection)

        with pytest.raises(ReadModelError, match="there is no table tally_row yet") as missing:
            session.query(TallyFindQuery(identifier="A")).result(WAIT)

    assert missing.value.remedy == "Run the cell with the projector that takes Table[TallyRow]."


def test_a_table_a_user_made_is_not_taken_over(session: Session) -> None:
    session.sql("create table wide_row (mine int)", write=True)

    @projector
    class Wide:
        @event_handler
        def opened(self, event: TallyOpenedEvent, rows: Table[WideRow]) -> None: ...

    session.register(Wide)

    status = next(status for status in session.status().consumers if status.component == "Wide")
    assert (status.health, "wide_row, which exists and was not made by a projector" in status.reason) == (
        "stalled",
        True,
    )
    assert session.sql("describe wide_row").df()["column_name"].tolist() == ["mine"]


class TypedRow(ReadModel):
    identifier: Key[str]
    moment: datetime
    exact: Decimal
    names: list[str]


def test_a_row_reads_the_same_before_and_after_it_reached_its_table(session: Session) -> None:
    """Naive moments count as UTC, decimals keep ten places, whether a row comes from memory or from the table."""
    seen: list[object] = []

    @projector
    class Typed:
        @event_handler
        def opened(self, event: TallyOpenedEvent, rows: Table[TypedRow]) -> None:
            naive = datetime(2030, 1, 1, 12, 0, 0, 5)  # noqa: DTZ001  what a careless handler makes
            rows.upsert(TypedRow(identifier="A", moment=naive, exact=Decimal("1.5"), names=["x"]))
            seen.append(rows.get("A"))
            seen.extend(rows.find(identifier="A"))

        @event_handler
        def added(self, event: TallyAddedEvent, rows: Table[TypedRow]) -> None:
            seen.append(rows.get("A"))

    session.register(Typed)
    opened(session, "A")
    settle(session)
    session.send(TallyAddCommand(identifier="A")).result(WAIT)
    settle(session)

    moment = datetime(2030, 1, 1, 12, 0, 0, 5, tzinfo=UTC)
    assert seen == [TypedRow(identifier="A", moment=moment, exact=Decimal("1.5"), names=["x"])] * 3


# -- the tutorial's system ---------------------------------------------------------------------------------------------


def test_the_todo_list_reads_back_who_did_what_and_when(clock: ManualClock) -> None:
    with Session(clock=clock, metadata={"user": "ada"}) as session:
        session.register(todo_list)
        desk = session.invoker(todo_list.TodoListInvoker)
        listed = str(desk.create("Groceries").result(WAIT))
        todo = str(desk.add(listed, "milk").result(WAIT))
        clock.advance(60)
        check = todo_list.TodoListCheckTodoCommand(identifier=listed, todo_identifier=todo)
        checked = session.send(check, metadata={"user": "bob"}).result(WAIT)

        view = session.query(todo_list.TodoListFindQuery(identifier=listed), after=checked).result(WAIT)
        found = session.query(todo_list.TodoListSearchQuery(name_like="GROC"), after=checked).result(WAIT)

    later = START + timedelta(minutes=1)
    assert checked.event == todo_list.TodoListTodoCheckedEvent(
        identifier=listed, todo_identifier=todo, all_checked=True
    )
    assert view == todo_list.TodoListView(
        identifier=listed,
        name="Groceries",
        todos=[
            todo_list.TodoView(
                identifier=todo,
                content="milk",
                created_by="ada",
                created_at=START,
                completed=True,
                completed_by="bob",
                completed_at=later,
            )
        ],
        created_by="ada",
        created_at=START,
        updated_by="bob",
        updated_at=later,
    )
    assert found == [todo_list.TodoListItemView(identifier=listed, name="Groceries")]
