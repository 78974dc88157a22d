"""Projections answer what was asked, from one consistent picture, and change nothing."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from recq_nb import (
    HandlerResultError,
    Key,
    Query,
    ReadModel,
    ReadModelError,
    Session,
    Table,
    View,
    event_handler,
    projection,
    projector,
    query_handler,
)
from recq_nb.testing.clock import ManualClock
from tests.domains import tally
from tests.domains.tally import (
    TallyAddCommand,
    TallyAddedEvent,
    TallyFindQuery,
    TallyOpenedEvent,
    TallyProjection,
    TallyRow,
    TallyView,
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


class WideRow(ReadModel):
    identifier: Key[str]
    number: int


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
