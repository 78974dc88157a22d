"""Pausing, resuming and replaying consumers, and what can be seen of them meanwhile."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from recq_nb import (
    CommandGateway,
    ConsumerError,
    ProjectorStatus,
    RoutingError,
    Session,
    Table,
    TransientError,
    event_handler,
    observer,
    projector,
)
from recq_nb.runtime.consumer_status import ConsumerHealth
from recq_nb.testing.clock import ManualClock
from tests.domains import tally
from tests.domains.tally import (
    TallyAddedEvent,
    TallyOpenCommand,
)
from tests.domains.tally_readers import LogRow, Seen, Start, add, reader
from tests.waiting import status_of, wait_for_health, wait_until

KINDS = pytest.mark.parametrize("kind", ["projector", "saga", "observer"])


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(clock=ManualClock()) as session:
        session.register(tally)
        session.send(TallyOpenCommand(identifier="T")).result()
        yield session


@KINDS
def test_a_paused_consumer_stands_still_and_goes_on_where_it_was(session: Session, kind: str) -> None:
    seen = Seen()
    session.register(reader(kind, seen))
    add(session, 1)
    session.settled().result()

    session.pause("Reader")
    add(session, 2, 3)
    session.settled().result()  # a paused consumer moves no more
    status = status_of(session, "Reader")
    paused_at = list(seen)
    session.resume("Reader")
    session.settled().result()

    assert (paused_at, list(seen)) == ([1], [1, 2, 3])
    assert (status.health, status.lag) == (ConsumerHealth.PAUSED, 2)
    assert status.reason == 'paused until recq.resume("Reader")'
    assert status_of(session, "Reader").health is ConsumerHealth.RUNNING


@KINDS
def test_a_pause_outlives_a_restart(kind: str, tmp_path: Path) -> None:
    seen = Seen()
    with Session(tmp_path / "store.duckdb") as session:
        session.register(tally, reader(kind, seen))
        session.send(TallyOpenCommand(identifier="T")).result()
        add(session, 1)
        session.settled().result()
        session.pause("Reader_1_*")
        add(session, 2)

    with Session(tmp_path / "store.duckdb") as session:
        session.register(tally, reader(kind, seen))
        session.settled().result()
        assert (status_of(session, "Reader").health, list(seen)) == (ConsumerHealth.PAUSED, [1])
        session.resume("Reader")

    with Session(tmp_path / "store.duckdb") as session:
        session.register(tally, reader(kind, seen))
        session.settled().result()
        assert list(seen) == [1, 2]


@pytest.mark.parametrize("kind", ["projector", "saga"])
def test_a_pause_during_a_batch_is_not_undone_by_its_commit(kind: str, tmp_path: Path) -> None:
    handling, go_on = threading.Event(), threading.Event()

    class SlowList(Seen):
        def append(self, number: int) -> None:
            super().append(number)
            if number == 1:
                handling.set()
                assert go_on.wait(30)

    seen = SlowList()
    with Session(tmp_path / "store.duckdb") as session:
        session.register(tally, reader(kind, seen))
        session.send(TallyOpenCommand(identifier="T")).result()
        add(session, 1)
        assert handling.wait(30)
        pausing = threading.Thread(target=session.pause, args=("Reader",))
        pausing.start()
        wait_until(session, lambda: status_of(session, "Reader").health is ConsumerHealth.PAUSED)
        go_on.set()
        pausing.join()
        add(session, 2)

    with Session(tmp_path / "store.duckdb") as session:
        session.register(tally, reader(kind, seen))
        session.settled().result()
        status = status_of(session, "Reader")

    assert (status.health, status.position, list(seen)) == (ConsumerHealth.PAUSED, 2, [1])


@KINDS
def test_a_consumer_paused_while_it_waits_out_an_outage_tries_no_more_until_resumed(kind: str) -> None:
    clock = ManualClock()
    tries: list[int] = []

    class Failing(Seen):
        closed = True

        def append(self, number: int) -> None:
            tries.append(number)
            if self.closed:
                raise TransientError("closed")
            super().append(number)

    seen = Failing()
    with Session(clock=clock) as session:
        session.register(tally, reader(kind, seen))
        session.send(TallyOpenCommand(identifier="T")).result()
        add(session, 1)
        wait_for_health(session, "Reader", ConsumerHealth.STALLED)
        clock.wait_for_sleepers()

        session.pause("Reader")
        clock.advance(3600)
        session.settled().result()
        assert (tries, status_of(session, "Reader").health) == ([1], ConsumerHealth.PAUSED)
        assert status_of(session, "Reader").reason == "TransientError: closed"

        seen.closed = False
        session.resume("Reader")
        session.settled().result()

        assert (tries, list(seen)) == ([1, 1], [1])


@KINDS
@pytest.mark.parametrize("start", ["first", "head"])
def test_a_replay_handles_the_whole_log_again(session: Session, kind: str, start: Start) -> None:
    seen = Seen()
    add(session, 1)
    session.register(reader(kind, seen, start=start))
    add(session, 2)
    session.settled().result()
    seen.clear()

    session.replay("Reader")
    session.settled().result()

    assert list(seen) == [1, 2]
    if kind == "projector":
        assert session.sql("SELECT number FROM log_row ORDER BY ALL").rows() == [(1,), (2,)]


@pytest.mark.parametrize("kind", ["saga", "observer"])
def test_sagas_and_observers_replay_from_behind_any_event(session: Session, kind: str) -> None:
    seen = Seen()
    session.register(reader(kind, seen))
    add(session, 1, 2, 3)
    session.settled().result()
    seen.clear()

    session.replay("Reader", after=3)
    session.settled().result()

    assert list(seen) == [3]


def test_a_replay_from_nowhere_is_refused(session: Session) -> None:
    session.register(reader("projector", Seen()))

    with pytest.raises(ConsumerError, match="its read model follows from the whole log"):
        session.replay("Reader", after=2)
    with pytest.raises(ConsumerError, match=r"replay\(after=-1\): there is no event -1"):
        session.replay("Reader", after=-1)
    for act in (session.replay, session.pause, session.resume):
        with pytest.raises(RoutingError, match="there is no consumer 'Nobody'"):
            act("Nobody")


def test_a_replay_forgets_rows_that_no_event_makes_any_more(session: Session) -> None:
    session.register(reader("projector", Seen()))
    add(session, 1)
    session.settled().result()
    session.sql("INSERT INTO log_row VALUES (99)", write=True)

    session.replay("Reader")
    session.settled().result()

    assert session.sql("SELECT number FROM log_row").rows() == [(1,)]


def test_save_then_notify_stays_silent_in_replays(session: Session) -> None:
    notified: list[int] = []

    @projector
    class Notifier:
        @event_handler
        def added(self, event: TallyAddedEvent, rows: Table[LogRow], status: ProjectorStatus) -> None:
            rows.upsert(LogRow(number=event.amount))
            if status.head_reached:
                notified.append(event.amount)

    add(session, 1, 2)
    session.register(Notifier)
    session.settled().result()
    add(session, 3)
    session.settled().result()
    session.replay("Notifier")
    session.settled().result()
    add(session, 4)
    session.settled().result()

    assert notified == [3, 4]
    assert session.sql("SELECT count(*) FROM log_row").rows() == [(4,)]


def test_lag_and_health_are_a_dataframe(session: Session) -> None:
    @observer(start="first", contexts=["default", "EU*"])
    class Reader:
        @event_handler
        async def added(self, event: TallyAddedEvent, commands: CommandGateway) -> None: ...

    session.register(Reader)
    add(session, 1, 2)
    session.settled().result()
    session.pause("Reader_1_default")
    session.settled().result()
    add(session, 3)
    session.settled().result()

    frame = session.consumers_df().query("component == 'Reader'")
    columns = ["consumer_id", "kind", "version", "context", "position", "head", "lag", "health"]

    assert frame[columns].to_numpy().tolist() == [
        ["Reader_1_default", "observer", 1, "default", 3, 4, 1, "paused"],
        ["Reader_1_EU*", "observer", 1, "EU*", 4, 4, 0, "running"],
    ]
