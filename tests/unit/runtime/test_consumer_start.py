"""Where consumers start, and what they and their queries wait for."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import threading
from collections.abc import Iterator

import pytest

from recq_nb import (
    SagaState,
    Session,
    Table,
    event_handler,
    observer,
    projector,
    saga,
    saga_event_handler,
)
from recq_nb.runtime.consumer_status import ConsumerHealth
from recq_nb.testing.clock import ManualClock
from tests.domains import tally
from tests.domains.tally import (
    TallyAddedEvent,
    TallyFindQuery,
    TallyOpenCommand,
    TallyOpenedEvent,
)
from tests.domains.tally_readers import CountState, Seen, Start, add, reader
from tests.waiting import status_of, wait_for_health

KINDS = pytest.mark.parametrize("kind", ["projector", "saga", "observer"])


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(clock=ManualClock()) as session:
        session.register(tally)
        session.send(TallyOpenCommand(identifier="T")).result()
        yield session


@KINDS
@pytest.mark.parametrize("start", ["first", "head"])
def test_a_new_consumer_starts_where_it_says(session: Session, kind: str, start: Start) -> None:
    seen = Seen()
    add(session, 1, 2)

    session.register(reader(kind, seen, start=start))
    add(session, 3)
    session.settled().result()

    assert list(seen) == ([1, 2, 3] if start == "first" else [3])


@pytest.mark.parametrize(("kind", "expected"), [("projector", [1, 2]), ("saga", [2]), ("observer", [2])])
def test_projectors_start_at_the_first_event_sagas_and_observers_at_the_head(
    session: Session, kind: str, expected: list[int]
) -> None:
    seen = Seen()

    class AskedState(SagaState): ...

    @projector
    class AskedProjector:
        @event_handler
        def added(self, event: TallyAddedEvent) -> None:
            seen.append(event.amount)

    @saga
    class AskedSaga:
        @saga_event_handler(init=True, association_property="identifier")
        def added(self, event: TallyAddedEvent) -> AskedState:
            seen.append(event.amount)
            return AskedState(associations={"identifier": event.identifier})

    @observer
    class AskedObserver:
        @event_handler
        def added(self, event: TallyAddedEvent) -> None:
            seen.append(event.amount)

    add(session, 1)
    session.register({"projector": AskedProjector, "saga": AskedSaga, "observer": AskedObserver}[kind])
    add(session, 2)
    session.settled().result()

    assert list(seen) == expected


@KINDS
def test_a_new_version_starts_afresh_and_the_same_one_goes_on(session: Session, kind: str) -> None:
    seen = Seen()
    session.register(reader(kind, seen))
    add(session, 1)
    session.settled().result()

    session.register(reader(kind, seen))
    add(session, 2)
    session.settled().result()
    same_version = list(seen)
    session.register(reader(kind, seen, version=2))
    session.settled().result()

    assert (same_version, list(seen)) == ([1, 2], [1, 2, 1, 2])
    (known,) = session.sql("SELECT consumer_id FROM recq.consumers WHERE consumer_id LIKE 'Reader%'").rows()
    assert known == ("Reader_2_*",)


@projector(wait_for_head_reached=True)
class Rebuilding:
    """Projects, but only while its door is open."""

    def __init__(self, door: threading.Event) -> None:
        self._door = door

    @event_handler
    def opened(self, event: TallyOpenedEvent) -> None:
        assert self._door.wait(30)


def test_while_a_projector_replays_its_queries_wait_and_reactions_do_not_start() -> None:
    door, seen, reacted = threading.Event(), Seen(), Seen()
    with Session(injector={threading.Event: door}) as session:
        session.register(tally)
        session.send(TallyOpenCommand(identifier="T")).result()
        session.settled().result()

        session.register(Rebuilding, reader("observer", reacted), _saga_of(seen))
        for name in ("Reader", "Follower"):
            status = wait_for_health(session, name, ConsumerHealth.STARTING)
            assert status.reason == "starts once Rebuilding_1_* has reached the head of the log"
        add(session, 5)
        assert (list(seen), list(reacted)) == ([], [])
        assert status_of(session, "Rebuilding").health is ConsumerHealth.REPLAYING

        door.set()
        session.settled().result()

        assert (list(seen), list(reacted)) == ([5], [5])
        assert status_of(session, "Reader").reason == ""


def _saga_of(seen: Seen) -> type:
    @saga(start="first")
    class Follower:
        @saga_event_handler(init=True, association_property="identifier")
        def added(self, event: TallyAddedEvent) -> CountState:
            seen.append(event.amount)
            return CountState(associations={"identifier": event.identifier})

    return Follower


def test_what_waits_for_a_replay_can_be_redefined_and_closed_meanwhile() -> None:
    door, reacted = threading.Event(), Seen()
    with Session(injector={threading.Event: door}) as session:
        session.register(tally)
        session.send(TallyOpenCommand(identifier="T")).result()
        session.register(Rebuilding, reader("observer", reacted))
        wait_for_health(session, "Reader", ConsumerHealth.STARTING)

        session.register(reader("observer", reacted, version=2))
        session.unregister("Reader")
        door.set()

    assert list(reacted) == []


def test_queries_wait_until_the_projectors_that_feed_them_have_reached_the_head(session: Session) -> None:
    door = threading.Event()

    @projector(wait_for_head_reached=True)
    class TallyProjector:
        @event_handler
        def opened(self, event: TallyOpenedEvent, rows: Table[tally.TallyRow]) -> None:
            assert door.wait(30)
            rows.upsert(tally.TallyRow(identifier=event.identifier, total=42))

    session.register(TallyProjector)
    reply = session.query(TallyFindQuery(identifier="T"))
    session.query(TallyFindQuery(identifier="T"), timeout=0.01)

    assert not reply.done()
    door.set()
    assert reply.result().total == 42


def test_a_consumer_whose_tables_cannot_be_made_says_why_and_starts_once_they_can() -> None:
    clock = ManualClock()
    seen = Seen()
    with Session(clock=clock) as session:
        session.register(tally)
        session.send(TallyOpenCommand(identifier="T")).result()
        add(session, 1)
        session.sql("CREATE TABLE log_row (mine INTEGER)", write=True)

        session.register(reader("projector", seen))
        status = status_of(session, "Reader")
        assert status.health is ConsumerHealth.STALLED
        assert status.reason.startswith("ReadModelError: Reader would keep LogRow in the table log_row, which exists")

        session.sql("DROP TABLE log_row", write=True)
        clock.wait_for_sleepers()
        clock.advance(60)
        session.settled().result()
        assert list(seen) == [1]


def test_a_consumer_that_could_not_start_is_closed_without_waiting_for_its_next_try() -> None:
    with Session(clock=ManualClock()) as session:
        session.register(tally)
        session.sql("CREATE TABLE log_row (mine INTEGER)", write=True)
        session.register(reader("projector", Seen()))
        assert status_of(session, "Reader").health is ConsumerHealth.STALLED

    assert session.closed
