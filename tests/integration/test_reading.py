"""Reading: the sender never waits for projectors, a read may be stale and says so, and the cure always works."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from recq_nb import (
    ConsumerError,
    PayloadError,
    ProjectorStatus,
    Query,
    QueryGateway,
    Session,
    StaleReadError,
    View,
    event_handler,
    projection,
    projector,
    query_handler,
)
from recq_nb.runtime.reply import PendingReply
from recq_nb.testing.clock import START, ManualClock
from tests.domains import tally, todo_list
from tests.domains.tally import (
    TallyAddCommand,
    TallyFindQuery,
    TallyOpenCommand,
    TallyOpenedEvent,
    TallyView,
)
from tests.integration.tally_model import WAIT, BlockedProjector, opened, settle


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


def test_after_refuses_a_reply_without_outcome_and_says_to_await_it(session: Session) -> None:
    with pytest.raises(PayloadError, match="no outcome yet") as refused:
        session.query(TallyFindQuery(identifier="A"), after=PendingReply("TallyOpenCommand"))

    assert "reply = await recq.send(" in str(refused.value.remedy)


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
