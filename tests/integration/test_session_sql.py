"""SQL sees one consistent, current picture, and the log is nobody's to change."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

from collections.abc import Iterator

import duckdb
import pytest

from recq_nb import (
    CapabilityError,
    EventMessage,
    Query,
    ReadModelError,
    ReadOnlySqlError,
    RecqError,
    Session,
    SqlError,
    Table,
    View,
    event_handler,
    projection,
    projector,
    query_handler,
)
from tests.domains import tally
from tests.domains.tally import TallyAddCommand, TallyAddedEvent, TallyFindQuery, TallyOpenCommand, TallyRow, TallyView

WAIT = 30.0
HOLDS = [(1, "TallyOpenedEvent"), (2, "TallyAddedEvent")]


@pytest.fixture
def session() -> Iterator[Session]:
    """A session with two events, projected, and a table of the user's own."""
    with Session() as running:
        running.register(tally)
        running.send(TallyOpenCommand(identifier="A")).result(WAIT)
        running.send(TallyAddCommand(identifier="A", amount=5)).result(WAIT)
        running.settled(timeout=WAIT).result(WAIT)
        running.sql("create table mine as select 1 as n", write=True)
        yield running


def log_of(session: Session) -> list[tuple[object, ...]]:
    return session.sql("select sequence_number, event_name from recq.events order by all").rows()


def test_events_and_read_models_are_plain_tables(session: Session) -> None:
    joined = session.sql(
        "select e.event_name, t.total from recq.events e join tally_row t on t.identifier = e.aggregate_id "
        "order by e.sequence_number"
    )

    assert joined.rows() == [("TallyOpenedEvent", 5), ("TallyAddedEvent", 5)]


def test_a_result_comes_as_the_dataframe_one_likes(session: Session) -> None:
    result = session.sql("select identifier, total from tally_row")

    assert result.df().to_dict("records") == [{"identifier": "A", "total": 5}]
    assert result.arrow().to_pylist() == [{"identifier": "A", "total": 5}]
    assert result.pl().to_dicts() == [{"identifier": "A", "total": 5}]
    assert len(result) == 1
    assert "total" in repr(result)
    assert "total" in result._repr_html_()


def test_every_confirmed_event_is_in_the_picture(session: Session) -> None:
    for expected in range(3, 23):
        session.send(TallyAddCommand(identifier="A")).result(WAIT)
        assert session.sql("select count(*) from recq.events").rows() == [(expected,)]


def test_values_are_bound_by_place_or_by_name(session: Session) -> None:
    nasty = "'; delete from recq.events; --"

    assert session.sql("select $1 || $2", nasty, "x").rows() == [(nasty + "x",)]
    assert session.sql("select $text", text=nasty).rows() == [(nasty,)]


def test_the_last_of_several_statements_answers(session: Session) -> None:
    assert session.sql("select 1; select 2 as two").df().to_dict("records") == [{"two": 2}]


def test_tables_of_ones_own_can_be_changed_when_asked(session: Session) -> None:
    session.sql("insert into mine values (2); update mine set n = n * 10; delete from mine where n = 10", write=True)

    assert session.sql("from mine").rows() == [(20,)]


def test_a_failing_change_leaves_nothing_half_done(session: Session) -> None:
    with pytest.raises(SqlError, match="Conversion Error"):
        session.sql("insert into mine values (2); insert into mine values ('three')", write=True)

    assert session.sql("from mine").rows() == [(1,)]


LOOKING = [
    "describe mine",
    "show tables",
    "summarize mine",
    "explain select * from recq.events",
    "from mine",
    "values (1)",
    "with x as (select 1) select * from x",
    "pivot mine on n",
    "select count(*) from recq.events -- delete from recq.events",
    "select 'delete from recq.events'",
    "select * from duckdb_tables()",
]


@pytest.mark.parametrize("write", [False, True], ids=["reading", "writing"])
def test_looking_is_always_allowed(session: Session, *, write: bool, subtests: pytest.Subtests) -> None:
    for text in LOOKING:
        with subtests.test(text):
            assert session.sql(text, write=write) is not None


CHANGING = [
    "insert into mine values (2)",
    "update mine set n = 2",
    "delete from mine",
    "truncate mine",
    "drop table mine",
    "create table other (n int)",
    "create or replace view v as select 1",
    "alter table mine add column m int",
    "copy mine to '/dev/null'",
    "merge into mine using mine m on false when not matched then insert values (1)",
    "explain analyze delete from mine",
    "with d as (delete from mine returning *) select * from d",
    "select 1; delete from mine",
    "/* hello */ delete from mine",
    "prepare p as delete from mine",
    "checkpoint",
    "vacuum",
]


def test_nothing_is_changed_unless_asked(session: Session, subtests: pytest.Subtests) -> None:
    for text in CHANGING:
        with subtests.test(text):
            with pytest.raises(ReadOnlySqlError) as refused:
                session.sql(text)

            assert refused.value.remedy
            assert session.sql("from mine").rows() == [(1,)]


ATTACKS = [
    "delete from recq.events",
    "delete from RECQ.events",
    'delete from "recq"."events"',
    'delete from "ReCq" . events',
    "delete from recq/**/.events",
    "delete from recq--\n.events",
    "delete from memory.recq.events",
    "/* é🦆é */ delete from recq.events",
    "insert into mine select length('ééééé') from mine; delete from recq.events",
    "select 'ééééééééé'; delete from recq.events",
    "truncate recq.events",
    "update recq.events set payload = ''",
    "drop table recq.events",
    "drop schema recq cascade",
    "alter table recq.events rename to gone",
    "insert into recq.events select * from recq.events",
    "create table recq.mine (n int)",
    "create index i on recq.events (event_name)",
    "explain analyze delete from recq.events",
    "explain analyze insert into recq.events from recq.events",
    "with d as (delete from recq.events returning *) select * from d",
    "with d as (delete from recq.events returning *) insert into mine select sequence_number from d",
    "merge into recq.events using mine on true when matched then delete",
    "use recq; delete from events",
    "set schema = 'recq'; delete from events",
    "set search_path = 'recq'; delete from events",
    "pragma schema = 'recq'; delete from events",
    "reset schema",
    "begin; delete from mine",
    "commit; delete from mine",
    "rollback",
    "attach ':memory:' as other",
    "detach memory",
    "copy recq.events from '/dev/null'",
    "import database '/nowhere'",
    "copy from database memory to memory",
    "prepare p as delete from recq.events",
    "execute p",
    "call pragma_version()",
    "force checkpoint",
    "set threads = 1",
    "set memory_limit = '1MB'",
    "pragma disable_optimizer",
    "load json",
    "update extensions",
    "set variable x = 1",
]


@pytest.mark.parametrize("write", [False, True], ids=["reading", "writing"])
def test_the_log_cannot_be_changed_either_way(session: Session, *, write: bool, subtests: pytest.Subtests) -> None:
    for text in ATTACKS:
        with subtests.test(text):
            with pytest.raises(ReadOnlySqlError) as refused:
                session.sql(text, write=write)

            assert refused.value.remedy
            assert log_of(session) == HOLDS
    assert session.send(TallyAddCommand(identifier="A")).result(WAIT).sequence_number == 3


WRONG = [
    "select * from query('delete from recq.events')",
    "delete from identifier('recq.events')",
    "delete from 'recq'.events",
    "selec 1",
    "select * from nowhere",
    "select $missing",
    "",
    " ; ",
    "-- nothing",
    "select '\ud800'",
    None,
    5,
]


@pytest.mark.parametrize("write", [False, True], ids=["reading", "writing"])
def test_sql_that_is_wrong_says_so(session: Session, *, write: bool, subtests: pytest.Subtests) -> None:
    for text in WRONG:
        with subtests.test(ascii(text)):
            with pytest.raises(SqlError) as wrong:
                session.sql(text, write=write)  # type: ignore[arg-type]  # that is the mistake

            assert wrong.value.remedy
            assert log_of(session) == HOLDS


# -- inside of handlers ------------------------------------------------------------------------------------------------


class CountView(View):
    text: str


class RunQuery(Query[CountView]):
    sql: str


@projection
class RunProjection:
    """Runs any SQL on the connection a projection is given."""

    @query_handler
    def run(self, query: RunQuery, connection: duckdb.DuckDBPyConnection) -> CountView:
        return CountView(text=str(connection.execute(query.sql).fetchall()))


def test_a_projection_cannot_change_anything(session: Session, subtests: pytest.Subtests) -> None:
    session.register(RunProjection)

    for text in [*ATTACKS, *CHANGING]:
        with subtests.test(text):
            with pytest.raises((ReadOnlySqlError, duckdb.Error)):
                session.query(RunQuery(sql=text)).result(WAIT)

            assert log_of(session) == HOLDS
            assert session.sql("from mine").rows() == [(1,)]


def test_a_projection_reads_with_plain_sql(session: Session) -> None:
    session.register(RunProjection)

    answer = session.query(RunQuery(sql="select total from tally_row")).result(WAIT)

    assert answer == CountView(text="[(5,)]")


@pytest.mark.parametrize("name", ["cursor", "commit", "begin", "close", "register", "rollback", "interrupt"])
def test_a_handlers_connection_cannot_leave_its_transaction(session: Session, name: str) -> None:
    found: list[BaseException] = []

    @projection
    class Escaping:
        def __init__(self) -> None:
            self.seen = found

        @query_handler
        def run(self, query: RunQuery, connection: duckdb.DuckDBPyConnection) -> CountView:
            try:
                getattr(connection, name)
            except AttributeError as error:
                self.seen.append(error)
            return CountView(text="")

    session.register(Escaping)

    session.query(RunQuery(sql="")).result(WAIT)

    assert [f"a handler's connection has no {name!r}" in str(error) for error in found] == [True]


def test_a_projector_cannot_change_the_log(session: Session) -> None:
    seen: dict[str, BaseException] = {}

    @projector
    class Attacking:
        @event_handler(retry=0)
        def added(self, event: TallyAddedEvent, connection: duckdb.DuckDBPyConnection) -> None:
            for text in ATTACKS:
                try:
                    connection.execute(text)
                except RecqError as error:
                    seen[text] = error

    session.register(Attacking)
    session.settled(timeout=WAIT).result(WAIT)

    assert {text: type(error) for text, error in seen.items()} == dict.fromkeys(ATTACKS, ReadOnlySqlError)
    assert log_of(session) == HOLDS


def test_a_projector_changes_its_tables_with_plain_sql_and_sees_its_own_rows(session: Session) -> None:
    @projector
    class Plain:
        @event_handler
        def added(
            self,
            event: TallyAddedEvent,
            connection: duckdb.DuckDBPyConnection,
            message: EventMessage,
        ) -> None:
            connection.execute("create table if not exists plain_sum (identifier varchar, total bigint)")
            connection.execute("insert into plain_sum values ($1, $2)", [event.identifier, event.amount])
            connection.sql("update plain_sum set total = total + $n", params={"n": message.sequence_number})

    session.register(Plain)
    session.settled(timeout=WAIT).result(WAIT)

    assert session.sql("from plain_sum").rows() == [("A", 7)]


CONDITIONS = ["true; delete from recq.events", "true; commit", "true; drop table tally_row", "true; select 1"]


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("way", ["where", "count", "order_by"])
def test_a_condition_is_one_expression(session: Session, condition: str, way: str) -> None:
    @projection
    class Conditional:
        @query_handler
        def run(self, query: RunQuery, rows: Table[TallyRow]) -> CountView:
            if way == "where":
                return CountView(text=str(rows.where(condition)))
            if way == "count":
                return CountView(text=str(rows.count(condition)))
            return CountView(text=str(rows.where(order_by=condition.replace("true", "total"))))

    session.register(Conditional)

    with pytest.raises((ReadModelError, ReadOnlySqlError)):
        session.query(RunQuery(sql="")).result(WAIT)

    assert log_of(session) == HOLDS
    assert session.query(TallyFindQuery(identifier="A")).result(WAIT) == TallyView(identifier="A", total=5)


@pytest.mark.parametrize("act", ["upsert", "update", "delete", "clear"])
def test_a_projection_cannot_write_its_tables(session: Session, act: str) -> None:
    @projection
    class Writing:
        @query_handler
        def run(self, query: RunQuery, rows: Table[TallyRow]) -> CountView:
            if act == "upsert":
                rows.upsert(TallyRow(identifier="B"))
            elif act == "update":
                rows.update("A", total=0)
            elif act == "delete":
                rows.delete("A")
            else:
                rows.clear()
            return CountView(text="")

    session.register(Writing)

    with pytest.raises(CapabilityError, match=rf"a projection called Table\[TallyRow\]\.{act}"):
        session.query(RunQuery(sql="")).result(WAIT)
