"""Scheduled commands: fired when they are due, once, also late; cancelled, given up, tried again."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from recq_nb import (
    CommandScheduler,
    Confirmation,
    ConsumerError,
    PayloadError,
    ServiceCommand,
    Session,
    TransientError,
    reject,
    saga,
    saga_event_handler,
)
from recq_nb.testing.clock import START, ManualClock
from tests.domains.reminders import (
    Bell,
    BookCommand,
    BookedEvent,
    Desk,
    LeaveCommand,
    RegretCommand,
    RemindCommand,
    Reminder,
    Stay,
    StayState,
)
from tests.waiting import PATIENCE, HastyClock, spin_until, wait_until


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def session(clock: ManualClock, bell: Bell) -> Iterator[Session]:
    with Session(clock=clock, injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        yield session


def do(session: Session, *commands: ServiceCommand) -> list[Confirmation]:
    confirmations = [session.send(command).result() for command in commands]
    session.settled().result()
    return confirmations


def scheduled(session: Session) -> list[tuple[object, ...]]:
    return session.sql(
        "SELECT payload->>'name', due_at, attempts, last_error, given_up FROM recq.scheduled_commands ORDER BY ALL"
    ).rows()


def id_of(session: Session, name: str) -> str:
    ((schedule_id,),) = session.sql(
        "SELECT schedule_id FROM recq.scheduled_commands WHERE payload->>'name' = $1", name
    ).rows()
    return str(schedule_id)


def test_a_scheduled_command_is_sent_when_it_is_due_and_not_before(
    session: Session, clock: ManualClock, bell: Bell
) -> None:
    do(session, BookCommand(name="ada", seconds=60))
    assert scheduled(session) == [("ada", START + timedelta(seconds=60), 0, "", False)]

    clock.advance(59.999)
    session.settled().result()
    before = list(bell.rung)
    clock.advance(0.001)
    session.settled().result()

    assert (before, bell.rung) == ([], ["ada"])
    assert scheduled(session) == []
    clock.advance(3600)
    session.settled().result()
    assert bell.rung == ["ada"]


def test_several_fire_in_the_order_they_are_due(session: Session, clock: ManualClock, bell: Bell) -> None:
    do(session, *(BookCommand(name=name, seconds=seconds) for name, seconds in [("c", 30), ("a", 10), ("b", 20)]))

    for _ in range(3):
        clock.advance(10)
        session.settled().result()

    assert bell.rung == ["a", "b", "c"]


def test_what_is_scheduled_for_now_is_sent_before_the_session_is_settled(session: Session, bell: Bell) -> None:
    do(session, *(BookCommand(name=str(number), seconds=0) for number in range(20)))

    assert sorted(bell.rung, key=int) == [str(number) for number in range(20)]


def test_a_cancelled_schedule_never_fires(session: Session, clock: ManualClock, bell: Bell) -> None:
    do(session, BookCommand(name="ada"), BookCommand(name="bob"), RegretCommand(name="ada"))
    assert [row[0] for row in scheduled(session)] == ["bob"]

    clock.advance(3600)
    session.settled().result()

    assert bell.rung == ["bob"]


def test_cancelling_what_has_fired_changes_nothing(session: Session, clock: ManualClock, bell: Bell) -> None:
    do(session, BookCommand(name="ada"))
    clock.advance(60)
    session.settled().result()

    do(session, RegretCommand(name="ada"))

    assert (bell.rung, len(session.dead_events_df())) == (["ada"], 0)


def test_what_a_handler_cancels_at_once_was_never_scheduled(session: Session, clock: ManualClock, bell: Bell) -> None:
    @saga(start="first")
    class Stay:
        @saga_event_handler(init=True, association_property="name")
        def booked(self, event: BookedEvent, scheduler: CommandScheduler) -> StayState:
            scheduler.cancel(scheduler.schedule(RemindCommand(name="never"), after=timedelta(seconds=1)))
            scheduler.schedule(RemindCommand(name="once"), after=timedelta(seconds=1))
            return StayState(associations={"name": event.name})

    session.register(Stay)
    do(session, BookCommand(name="ada"))

    clock.advance(1)
    session.settled().result()

    assert bell.rung == ["once"]


def test_what_an_ended_saga_had_scheduled_is_cancelled_and_nothing_of_others(
    session: Session, clock: ManualClock, bell: Bell
) -> None:
    do(session, BookCommand(name="ada"), BookCommand(name="ada"), BookCommand(name="bob"), LeaveCommand(name="ada"))
    assert [row[0] for row in scheduled(session)] == ["bob"]

    clock.advance(3600)
    session.settled().result()

    assert bell.rung == ["bob"]


def test_a_schedule_survives_a_restart_and_fires_late_but_once(tmp_path: Path, bell: Bell) -> None:
    with Session(tmp_path / "store.duckdb", clock=ManualClock(), injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        do(session, BookCommand(name="ada"), BookCommand(name="bob", seconds=7200))

    late = ManualClock(START + timedelta(hours=1))
    with Session(tmp_path / "store.duckdb", clock=late, injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        session.settled().result()
        assert bell.rung == ["ada"]

    with Session(tmp_path / "store.duckdb", clock=late, injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        session.settled().result()
        assert bell.rung == ["ada"]
        late.advance(3600)
        session.settled().result()

    assert bell.rung == ["ada", "bob"]


def test_a_rejection_is_an_outcome_and_ends_the_schedule(session: Session, clock: ManualClock, bell: Bell) -> None:
    bell.on_ring = lambda: reject("bell.broken", "no sound")
    do(session, BookCommand(name="ada"))

    clock.advance(60)
    session.settled().result()

    assert (len(bell.messages), scheduled(session)) == (1, [])


def test_while_nobody_can_take_it_a_due_command_is_tried_again(
    session: Session, clock: ManualClock, bell: Bell
) -> None:
    do(session, BookCommand(name="ada"))
    session.unregister("Reminder")
    clock.advance(60)
    wait_until(session, lambda: bool(session._runtime.scheduler._waiting))

    ((_, _, attempts, error, given_up),) = scheduled(session)
    assert (attempts, given_up) == (1, False)
    assert str(error).startswith("NoHandlerError: ")

    session.register(Reminder)  # and is tried at once when the model changes
    spin_until(session, lambda: not session._runtime.scheduler._firing)
    assert (bell.rung, scheduled(session)) == (["ada"], [])


def test_an_outage_is_waited_out_however_often_it_takes(bell: Bell) -> None:
    failures = iter([TransientError("closed"), ConnectionError("refused"), TimeoutError("slow")] * 20)

    def fail_for_long() -> None:
        if (failure := next(failures, None)) is not None:
            raise failure

    bell.on_ring = fail_for_long
    with Session(clock=HastyClock(), injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        do(session, BookCommand(name="ada"))
        spin_until(session, lambda: bell.rung == ["ada"])
        session.settled().result()

        assert (len(bell.messages), scheduled(session)) == (61, [])
        assert len({message.message_id for message in bell.messages}) == 1


def test_what_fails_for_good_is_given_up_and_stays_visible_with_its_error(bell: Bell, tmp_path: Path) -> None:
    def fail() -> None:
        raise LookupError("no such guest \ud83d")

    bell.on_ring = fail
    with Session(tmp_path / "store.duckdb", clock=HastyClock(), injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        do(session, BookCommand(name="ada"))
        spin_until(session, lambda: len(bell.messages) == 3 and not session._runtime.scheduler._firing)
        ((_, _, attempts, error, given_up),) = scheduled(session)
        assert (attempts, error, given_up) == (3, "LookupError: no such guest \\ud83d", True)

    with Session(tmp_path / "store.duckdb", clock=HastyClock(), injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        session.settled().result()
        assert len(bell.messages) == 3
        assert len(session.scheduled_df().query("given_up")) == 1


def test_what_was_given_up_is_sent_once_more_or_taken_back_when_somebody_decides(bell: Bell) -> None:
    def fail() -> None:
        raise LookupError("no such guest")

    bell.on_ring = fail
    with Session(clock=HastyClock(), injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        do(session, BookCommand(name="ada"), BookCommand(name="bob"))
        spin_until(session, lambda: len(bell.messages) == 6 and not session._runtime.scheduler._firing)
        ada, bob = (id_of(session, name) for name in ("ada", "bob"))

        bell.on_ring = lambda: None
        session.retry_scheduled(ada)
        session.settled().result()
        session.cancel_scheduled(bob)

        assert (bell.rung, scheduled(session)) == (["ada"], [])
        assert len({message.message_id for message in bell.messages}) == 2
        for gone in (ada, bob):
            with pytest.raises(ConsumerError, match="it was sent or cancelled"):
                session.retry_scheduled(gone)
            with pytest.raises(ConsumerError, match="it was sent or cancelled"):
                session.cancel_scheduled(gone)


def test_a_reader_cancels_what_is_not_due_or_waits_for_its_next_attempt(
    session: Session, clock: ManualClock, bell: Bell
) -> None:
    do(session, BookCommand(name="ada"), BookCommand(name="bob", seconds=600))
    session.unregister("Reminder")
    clock.advance(60)
    wait_until(session, lambda: bool(session._runtime.scheduler._waiting))
    with pytest.raises(ConsumerError, match="was not given up"):
        session.retry_scheduled(id_of(session, "bob"))

    session.cancel_scheduled(id_of(session, "ada"))
    session.cancel_scheduled(id_of(session, "bob"))
    session.register(Reminder)
    clock.advance(3600)
    session.settled().result()

    assert (bell.rung, scheduled(session)) == ([], [])


def test_what_is_being_sent_cannot_be_taken_back(session: Session, clock: ManualClock, bell: Bell) -> None:
    ringing, go_on = threading.Event(), threading.Event()

    def ring() -> None:
        ringing.set()
        go_on.wait(PATIENCE)

    bell.on_ring = ring
    do(session, BookCommand(name="ada"))
    clock.advance(60)
    assert ringing.wait(PATIENCE)

    with pytest.raises(ConsumerError, match="is being sent and cannot be taken back"):
        session.cancel_scheduled(id_of(session, "ada"))

    go_on.set()
    session.settled().result()
    assert (bell.rung, scheduled(session)) == (["ada"], [])


def test_a_scheduled_command_belongs_to_the_flow_of_the_event_that_scheduled_it(
    session: Session, clock: ManualClock, bell: Bell
) -> None:
    confirmation = session.send(BookCommand(name="ada"), metadata={"user": "ada"}).result()
    session.settled().result()

    clock.advance(60)
    session.settled().result()

    (message,) = bell.messages
    assert (message.correlation_id, message.causation_id, message.sender) == (
        confirmation.correlation_id,
        confirmation.event_id,
        "Stay",
    )
    assert dict(message.metadata) == {"user": "ada"}


def test_a_redelivered_event_schedules_nothing_twice(session: Session, clock: ManualClock, bell: Bell) -> None:
    do(session, BookCommand(name="ada"))
    session.replay("Stay")
    session.settled().result()
    assert len(scheduled(session)) == 1

    clock.advance(60)
    session.settled().result()
    session.replay("Stay")  # schedules again what has fired: under its id, it acts no more
    session.settled().result()
    clock.advance(60)
    session.settled().result()

    assert bell.rung == ["ada"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "needs a delay or a timezone-aware moment"),
        ({"after": timedelta(1), "at": START}, "needs a delay or a timezone-aware moment"),
        ({"at": datetime(2030, 1, 1)}, "needs a delay or a timezone-aware moment"),  # noqa: DTZ001  the mistake
    ],
)
def test_a_schedule_without_a_clear_moment_is_refused(session: Session, given: dict[str, object], problem: str) -> None:
    @saga(start="first")
    class Stay:
        @saga_event_handler(init=True, association_property="name", retry=0)
        def booked(self, event: BookedEvent, scheduler: CommandScheduler) -> StayState:
            scheduler.schedule(RemindCommand(name="x"), **given)  # type: ignore[arg-type]  # the mistake
            return StayState(associations={"name": event.name})

    session.register(Stay)
    do(session, BookCommand(name="ada"))

    (text,) = session.dead_events_df()["exception"]
    assert text.startswith(f"{PayloadError.__name__}: schedule(RemindCommand) {problem}")


def test_only_commands_can_be_scheduled(session: Session) -> None:
    @saga(start="first")
    class Stay:
        @saga_event_handler(init=True, association_property="name", retry=0)
        def booked(self, event: BookedEvent, scheduler: CommandScheduler) -> StayState:
            scheduler.schedule(event, after=timedelta(1))  # type: ignore[arg-type]  # the mistake
            return StayState(associations={"name": event.name})

    session.register(Stay)
    do(session, BookCommand(name="ada"))

    (text,) = session.dead_events_df()["exception"]
    assert text == "PayloadError: schedule() was given a BookedEvent; it takes a command."


def test_a_moment_in_any_timezone_is_that_moment(session: Session, clock: ManualClock, bell: Bell) -> None:
    moment = START.astimezone(timezone(timedelta(hours=5, minutes=30))) + timedelta(seconds=5)

    @saga(start="first")
    class Stay:
        @saga_event_handler(init=True, association_property="name", retry=0)
        def booked(self, event: BookedEvent, scheduler: CommandScheduler) -> StayState:
            scheduler.schedule(RemindCommand(name="x"), at=moment)
            return StayState(associations={"name": event.name})

    session.register(Stay)
    do(session, BookCommand(name="ada"))
    assert scheduled(session)[0][1] == datetime(2030, 1, 1, 0, 0, 5, tzinfo=UTC)

    clock.advance(5)
    session.settled().result()

    assert bell.rung == ["x"]
