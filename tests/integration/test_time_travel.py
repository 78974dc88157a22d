"""Time travel: as of any event, a session looks as a fresh one would that got only the events up to there."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import contextlib
import random
import time
from collections import Counter
from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recq_nb import (
    DomainCommand,
    ProjectorStatus,
    Session,
    Table,
    aggregate,
    event_handler,
    event_sourcing_handler,
    observer,
    projector,
)
from recq_nb.errors import (
    AggregateError,
    PayloadError,
    RoutingError,
    SessionClosedError,
    StaleReadError,
    TransientError,
)
from recq_nb.runtime.aggregate_folding import AggregateFolding
from recq_nb.session import timeline
from tests.domains import journal, tally
from tests.domains.journal import (
    UNSPEAKABLE,
    JournalEraseCommand,
    JournalOpenCommand,
    JournalWriteCommand,
)
from tests.domains.tally import TallyAddCommand, TallyAddedEvent, TallyOpenCommand, TallyRow
from tests.integration.tally_model import settle
from tests.waiting import spin_until

KEPT = ("journal_row", "word_row", "lines")
JOURNALS = st.sampled_from(["J1", "it's 🦆"])
CHANGES = st.one_of(
    st.builds(JournalOpenCommand, identifier=JOURNALS),
    st.builds(
        JournalWriteCommand,
        identifier=JOURNALS,
        word=st.sampled_from(["milk", "a", "'; DROP TABLE lines; --", UNSPEAKABLE]),
        region=st.sampled_from(["EU", "EU-north", "US", "ASIA"]),
    ),
    st.builds(JournalEraseCommand, identifier=JOURNALS),
)


@pytest.fixture(autouse=True)
def _near_waypoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that even a short log has several waypoints."""
    monkeypatch.setattr(timeline, "CHUNK", 3)
    monkeypatch.setattr(timeline, "APART_SECONDS", 0.0)


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as made:
        made.register(tally)
        yield made


def sent(session: Session, *commands: DomainCommand) -> None:
    for command in commands:
        session.send(command).result()


def refused_or_sent(session: Session, commands: list[DomainCommand]) -> None:
    for command in commands:
        with contextlib.suppress(AggregateError):  # one that is not there yet, or there already
            session.send(command).result()


def fresh(session: Session, count: int) -> Session:
    """A session whose log holds the first events of another's, and nothing else."""
    made = Session()
    records = [stored.record for stored in session.event_search().after(0, count)]
    if records:
        made._runtime.run(lambda: made._log.append(records), "copy")
        made._runtime.run(made._runtime.reload, "copy")
    return made


def plain(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    """Rows, in no order."""
    return sorted((tuple(map(repr, row)) for row in frame.itertuples(index=False)), key=repr)


def lived(session: Session, table: str) -> list[tuple[object, ...]]:
    there = session.sql("SELECT 1 FROM duckdb_tables() WHERE table_name = $1", table).rows()
    return plain(session.sql(f"FROM {table}").df()) if there else []


@given(st.lists(CHANGES, min_size=1, max_size=24), st.data())
@settings(max_examples=25, deadline=None)
def test_as_of_an_event_is_a_fresh_session_that_got_only_the_events_up_to_it(
    commands: list[DomainCommand], data: st.DataObject
) -> None:
    with Session() as session:
        session.register(
            journal.JournalAggregate, journal.JournalProjector, journal.WordProjector, journal.SqlProjector
        )
        refused_or_sent(session, [JournalOpenCommand(identifier="J1"), *commands])
        head = session.status().head
        places = data.draw(st.lists(st.integers(0, head), min_size=1, max_size=4))
        for place in places:
            past = session.as_of(place)
            with fresh(session, place) as other:
                other.register(
                    journal.JournalAggregate, journal.JournalProjector, journal.WordProjector, journal.SqlProjector
                )
                settle(other)
                tables = past.read_models
                assert {name: plain(tables[name]) for name in tables} == {
                    name: lived(other, name) for name in KEPT if name in tables
                }
                assert [(one.component, one.sequence_number) for one in past.failures] == other.sql(
                    "SELECT split_part(consumer_id, '_', 1), sequence_number FROM recq.dead_events "
                    "ORDER BY sequence_number"
                ).rows()
                folding = AggregateFolding(other.bundle.components["JournalAggregate"])
                histories = other._runtime.run(
                    lambda: other._log.load(dict.fromkeys(past.states, 0)),  # noqa: B023  run at once
                    "load",
                )
                for aggregate_id in past.states:
                    state = folding.rebuild(None, list(histories[aggregate_id].events), other._runtime._reader)
                    assert state is not None
                    assert past.aggregate(aggregate_id) == state.model_dump(mode="json")


def test_the_changes_of_an_event_are_told_field_by_field() -> None:
    with Session() as session:
        session.register(journal)
        sent(session, JournalOpenCommand(identifier="J"), JournalWriteCommand(identifier="J", word="milk"))
        sent(session, JournalEraseCommand(identifier="J"))
        second, third = (
            [(c.of, c.name, c.key, c.field, c.before, c.after) for c in session.as_of(n).changes] for n in (2, 3)
        )

    assert ("aggregate", "JournalAggregate", "J", "words[0]", None, "milk") in second
    assert ("aggregate", "JournalAggregate", "J", "counts.milk", None, 1) in second
    assert ("read model", "journal_row", "J", "words[0]", None, "milk") in second
    assert ("read model", "word_row", "milk, EU", "times", None, 1) in second
    assert ("read model", "echo_row", "milk", "heard", None, 1) in second
    assert ("aggregate", "JournalAggregate", "J", "words[0]", "milk", None) in third
    assert ("read model", "journal_row", "J", "identifier", "J", None) in third


def test_before_the_first_event_there_is_nothing_and_outside_of_the_log_nowhere_to_go(session: Session) -> None:
    sent(session, TallyOpenCommand(identifier="A"))

    nothing = session.as_of(0)

    assert (nothing.event, nothing.changes, nothing.aggregates) == (None, (), {})
    assert len(nothing.read_models["tally_row"]) == 0
    for nowhere in (-1, 2, True, "1"):
        with pytest.raises(PayloadError, match="the log goes from 1 to 1"):
            session.as_of(nowhere)  # type: ignore[arg-type]  # notebooks are untyped
    with pytest.raises(RoutingError, match="no aggregate 'A' as of event 0"):
        nothing.aggregate("A")


def test_what_is_alive_is_neither_touched_nor_told(session: Session) -> None:
    told: list[int] = []

    @observer(start="first")
    class Listener:
        @event_handler
        def added(self, event: TallyAddedEvent) -> None:
            told.append(event.amount)

    session.register(Listener)
    sent(session, TallyOpenCommand(identifier="A"), *(TallyAddCommand(identifier="A", amount=n) for n in range(1, 9)))
    settle(session)
    recorded, rows = session.recorder.recorded, session.sql("FROM tally_row").rows()

    past = session.as_of(4)

    assert past.aggregate("A") == {"total": 6, "deleted": False}
    assert plain(past.read_models["tally_row"]) == [("'A'", "6")]
    assert session.sql("FROM tally_row").rows() == rows == [("A", 36)]
    assert (sorted(told), session.recorder.recorded, session.status().head) == (list(range(1, 9)), recorded, 9)


def test_handlers_are_told_that_they_replay_and_a_failing_one_is_shown(session: Session) -> None:
    reached: list[bool] = []

    @projector
    class FussyProjector:
        @event_handler(retry=0)
        def added(self, event: TallyAddedEvent, rows: Table[TallyRow], status: ProjectorStatus) -> None:
            reached.append(status.head_reached)
            if event.amount == 2:
                raise ValueError("two!")
            rows.upsert(TallyRow(identifier=f"n{event.amount}"))

    session.unregister("TallyProjector")
    sent(session, TallyOpenCommand(identifier="A"), *(TallyAddCommand(identifier="A", amount=n) for n in (1, 2, 3)))
    session.register(FussyProjector)
    settle(session)
    reached.clear()

    past = session.as_of(4)

    assert not any(reached)
    assert reached
    assert list(past.failures_df().itertuples(index=False, name=None)) == [("FussyProjector", 3, "ValueError: two!")]
    assert plain(past.read_models["tally_row"]) == [("'n1'", "0"), ("'n3'", "0")]


def test_an_aggregate_whose_handler_fails_says_so_and_the_others_are_shown(session: Session) -> None:
    sent(session, TallyOpenCommand(identifier="A"), TallyOpenCommand(identifier="B"))
    sent(session, TallyAddCommand(identifier="A", amount=1), TallyAddCommand(identifier="B", amount=2))

    @aggregate
    class TallyAggregate(tally.TallyAggregate):
        @event_sourcing_handler
        def added(self, event: TallyAddedEvent, state: tally.TallyState) -> None:
            if event.identifier == "A":
                raise ArithmeticError("cannot add")
            state.total += event.amount

    session.register(TallyAggregate)

    past = session.as_of(4)

    assert past.aggregate("B")["total"] == 2
    assert past.states["A"].problem_at == 3
    with pytest.raises(RoutingError, match="ArithmeticError: cannot add"):
        past.aggregate("A")


def test_a_failure_that_passes_is_tried_again_and_one_that_shows_at_the_commit_finds_its_event(
    session: Session,
) -> None:
    tries: Counter[int] = Counter()

    @projector
    class WaveringProjector:
        @event_handler(retry=0)
        def added(self, event: TallyAddedEvent, rows: Table[TallyRow], sql: duckdb.DuckDBPyConnection) -> None:
            tries[event.amount] += 1
            if event.amount == 2 and tries[2] < 3:
                raise TransientError("not yet")
            if event.amount == 3:
                with contextlib.suppress(Exception):  # the transaction is lost all the same
                    sql.execute("INSERT INTO tally_row VALUES ('n1', 0)")
            rows.upsert(TallyRow(identifier=f"n{event.amount}"))

    sent(session, TallyOpenCommand(identifier="A"), *(TallyAddCommand(identifier="A", amount=n) for n in (1, 2, 3, 4)))
    session.unregister("TallyProjector")
    session.register(WaveringProjector)
    settle(session)
    tries.clear()

    past = session.as_of(5)

    assert plain(past.read_models["tally_row"]) == [("'n1'", "0"), ("'n2'", "0"), ("'n4'", "0")]
    assert [(one.component, one.sequence_number) for one in past.failures] == [("WaveringProjector", 4)]


def test_a_state_that_cannot_be_written_is_said_to_be_so(session: Session) -> None:
    sent(session, TallyOpenCommand(identifier="A"), TallyAddCommand(identifier="A", amount=1))

    @aggregate
    class TallyAggregate(tally.TallyAggregate):
        @event_sourcing_handler
        def added(self, event: TallyAddedEvent, state: tally.TallyState) -> None:
            state.total = "many"  # type: ignore[assignment]  # a modeller's mistake

    session.register(TallyAggregate)

    past = session.as_of(2)

    assert "cannot be written as JSON" in past.states["A"].problem
    assert list(past.aggregates["TallyAggregate"].problem) == [past.states["A"].problem]


def test_who_is_not_asked_for_long_lets_go_and_begins_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "_IDLE_SECONDS", 0.01)
    sent(session, TallyOpenCommand(identifier="A"))
    first = session.as_of(1)
    idle = session._timeline
    assert idle is not None

    spin_until(session, lambda: idle.ended)
    again = session.as_of(1)

    assert session._timeline is not idle
    assert (again.states, again.changes) == (first.states, first.changes)


def test_new_events_extend_a_redefinition_starts_anew_and_a_reset_forgets(session: Session) -> None:
    sent(session, TallyOpenCommand(identifier="A"), TallyAddCommand(identifier="A"))
    assert session.as_of(2).aggregate("A")["total"] == 1
    sent(session, TallyAddCommand(identifier="A", amount=5))
    assert session.as_of(3).aggregate("A")["total"] == 6

    @projector
    class TallyProjector:
        @event_handler
        def added(self, event: TallyAddedEvent, rows: Table[TallyRow]) -> None:
            rows.upsert(TallyRow(identifier="new", total=event.amount))

    session.register(TallyProjector)
    assert plain(session.as_of(3).read_models["tally_row"]) == [("'new'", "5")]
    session.reset()
    sent(session, TallyOpenCommand(identifier="Z"))
    assert list(session.as_of(1).states) == ["Z"]


def test_what_cannot_be_copied_is_replayed_from_the_beginning(session: Session) -> None:
    @projector
    class SequenceProjector:
        @event_handler
        def opened(self, event: tally.TallyOpenedEvent, sql: duckdb.DuckDBPyConnection) -> None:
            sql.execute("CREATE SEQUENCE IF NOT EXISTS places")
            sql.execute("CREATE TABLE IF NOT EXISTS placed (place BIGINT)")
            sql.execute("INSERT INTO placed SELECT nextval('places')")

    session.register(SequenceProjector)
    sent(session, *(TallyOpenCommand(identifier=f"T{n}") for n in range(10)))

    assert [len(session.as_of(n).read_models["placed"]) for n in (9, 4, 10, 1)] == [9, 4, 10, 1]
    assert plain(session.as_of(3).read_models["placed"]) == [("1",), ("2",), ("3",)]


def test_few_bytes_keep_few_waypoints_and_every_place_stays_right(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "BUDGET_BYTES", 4_000)
    sent(session, *(TallyOpenCommand(identifier=f"T{n}") for n in range(60)))

    sizes = [len(session.as_of(n).read_models["tally_row"]) for n in (60, 31, 2, 45)]

    assert sizes == [60, 31, 2, 45]
    assert session.prepare_time_travel().waypoint_bytes <= 4_000
    assert session.prepare_time_travel().waypoints < 20


def test_who_does_not_wait_is_told_how_far_it_is_and_a_closed_session_travels_no_more(session: Session) -> None:
    sent(session, *(TallyOpenCommand(identifier=f"T{n}") for n in range(40)))

    with pytest.raises(StaleReadError, match="of 40 events within 0 s"):
        session.as_of(40, timeout=0)
    session.close()

    with pytest.raises(SessionClosedError):
        session.as_of(1)


def test_of_ten_thousand_events_any_place_costs_less_than_300_ms(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    names = [f"T{number}" for number in range(2_000)]
    for reply in [session.send(TallyOpenCommand(identifier=name)) for name in names]:
        reply.result()
    for amount in range(4):
        for reply in [session.send(TallyAddCommand(identifier=name, amount=amount)) for name in names]:
            reply.result()
    session.as_of(10_000)
    places = random.Random(7).sample(range(10_001), 12)
    took: dict[int, list[float]] = {place: [] for place in places}
    for place in places * 3:  # more places than pasts are kept, so that each visit is a journey
        started = time.process_time()  # of all threads, whatever else the machine does
        past = session.as_of(place)
        took[place].append(time.process_time() - started)
        assert len(past.read_models["tally_row"]) == min(place, 2_000)

    assert max(map(min, took.values())) < 0.3
