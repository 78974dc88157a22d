"""Several events at once: how many, in which order, and what a restart finds."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recq_nb import (
    Key,
    ReadModel,
    Session,
    Table,
    TransientError,
    event_handler,
    observer,
    partitioned,
    pooled,
    projector,
)
from recq_nb.runtime.consumer_status import ConsumerHealth
from recq_nb.runtime.parallel_consumer import ParallelConsumer
from recq_nb.testing.clock import ManualClock
from tests.domains import tally
from tests.domains.tally import TallyAddCommand, TallyAddedEvent, TallyOpenCommand, TallyOpenedEvent
from tests.waiting import HastyClock, spin_until, status_of, wait_for_health, wait_for_position, wait_until


class SumRow(ReadModel):
    identifier: Key[str]
    total: int
    events: int


class NoteRow(ReadModel):
    amount: Key[int]
    times: int


class Gate:
    """Lets amounts pass unless they are held back, or not let in at all."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.refused: set[int] = set()
        self.opened = threading.Event()
        self.seen: deque[int] = deque()

    def pass_through(self, amount: int) -> None:
        if amount in self.refused:
            raise TransientError("refused")
        if amount in self.held:
            assert self.opened.wait(30)
        self.seen.append(amount)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def session(gate: Gate) -> Iterator[Session]:
    with Session(
        clock=ManualClock(), executors={"pool": pooled(8), "lanes": partitioned(4)}, injector={Gate: gate}
    ) as session:
        session.register(tally)
        for identifier in "AB":
            session.send(TallyOpenCommand(identifier=identifier)).result()
        yield session


def add(session: Session, *amounts: int, identifier: str = "A") -> None:
    for amount in amounts:
        session.send(TallyAddCommand(identifier=identifier, amount=amount)).result()


@projector
class Adder:
    """Adds up what it reads and writes in transactions that run side by side."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @event_handler(executor="pool", retry=0)
    def added(self, event: TallyAddedEvent, sums: Table[SumRow]) -> None:
        self._gate.pass_through(event.amount)
        row = sums.get(event.identifier) or SumRow(identifier=event.identifier, total=0, events=0)
        sums.upsert(SumRow(identifier=row.identifier, total=row.total + event.amount, events=row.events + 1))


@projector
class Noter:
    """Notes how often it has projected each amount, in a row of its own."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @event_handler(executor="pool", retry=0)
    def added(self, event: TallyAddedEvent, notes: Table[NoteRow]) -> None:
        self._gate.pass_through(event.amount)
        row = notes.get(event.amount) or NoteRow(amount=event.amount, times=0)
        notes.upsert(NoteRow(amount=row.amount, times=row.times + 1))


def notes(session: Session) -> list[tuple[object, ...]]:
    return session.sql("SELECT * FROM note_row ORDER BY ALL").rows()


def sums(session: Session) -> list[tuple[object, ...]]:
    return session.sql("SELECT * FROM sum_row ORDER BY ALL").rows()


def test_handlers_that_change_one_row_at_once_lose_no_change() -> None:
    with Session(clock=HastyClock(), executors={"pool": pooled(8)}, injector={Gate: Gate()}) as session:
        session.register(tally, Adder)
        for identifier in "AB":
            session.send(TallyOpenCommand(identifier=identifier)).result()
        replies = [session.send(TallyAddCommand(identifier="AB"[n % 2], amount=n)) for n in range(60)]
        for reply in replies:
            reply.result()
        session.settled().result()

        assert sums(session) == [("A", sum(range(0, 60, 2)), 30), ("B", sum(range(1, 60, 2)), 30)]
        assert len(session.dead_events_df()) == 0


def test_an_observer_handles_at_most_32_events_at_once_unless_told_otherwise() -> None:
    running: set[int] = set()
    most = deque([0], maxlen=1)
    full = asyncio.Event()

    @observer(start="first")
    class Busy:
        @event_handler
        async def added(self, event: TallyAddedEvent) -> None:
            running.add(event.amount)
            most.append(max(most[0], len(running)))
            if len(running) == 32:
                full.set()
            await full.wait()
            await asyncio.sleep(0)
            running.discard(event.amount)

    with Session() as session:
        session.register(tally, Busy)
        session.send(TallyOpenCommand(identifier="A")).result()
        add(session, *range(100))
        session.settled().result()

    assert most[0] == 32


def test_an_observer_that_waits_at_the_head_has_saved_that_it_is_there(gate: Gate) -> None:
    @observer(start="first")
    class Watcher:
        @event_handler
        def added(self, event: TallyAddedEvent) -> None:
            gate.pass_through(event.amount)

    with Session() as session:
        session.register(tally, Watcher)
        session.send(TallyOpenCommand(identifier="A")).result()
        gate.held = {2}
        add(session, 1, 2, 3)
        spin_until(session, lambda: sorted(gate.seen) == [1, 3])
        gate.opened.set()
        session.settled().result()

        (watcher,) = session._runtime.consumers.find("Watcher")
        spin_until(session, lambda: watcher._saved == session._runtime.head)

        saved = session.sql("SELECT checkpoint FROM recq.consumers WHERE consumer_id LIKE 'Watcher%'").rows()
        assert saved == [(status_of(session, "Watcher").position,)] == [(4,)]


def test_an_executor_is_one_budget_for_everything_that_names_it() -> None:
    running: deque[str] = deque()
    most = deque([0], maxlen=1)
    full = asyncio.Event()

    async def work(name: str) -> None:
        running.append(name)
        most.append(max(most[0], len(running)))
        if len(running) == 3:
            full.set()
        await full.wait()
        await asyncio.sleep(0)
        running.remove(name)

    @observer(start="first")
    class First:
        @event_handler(executor="three")
        async def added(self, event: TallyAddedEvent) -> None:
            await work("first")

    @observer(start="first")
    class Second:
        @event_handler(executor="three")
        async def added(self, event: TallyAddedEvent) -> None:
            await work("second")

    with Session(executors={"three": pooled(3)}) as session:
        session.register(tally, First, Second)
        session.send(TallyOpenCommand(identifier="A")).result()
        add(session, *range(20))
        session.settled().result()

    assert most[0] == 3


def test_a_retried_event_keeps_its_place_in_its_aggregates_order() -> None:
    seen: deque[tuple[str, int]] = deque()
    failed: set[int] = set()

    @observer(start="first")
    class Ordered:
        @event_handler(executor="lanes", retry=1)
        async def added(self, event: TallyAddedEvent) -> None:
            if event.amount % 3 == 0 and event.amount not in failed:
                failed.add(event.amount)
                raise ConnectionError if event.amount % 2 else ValueError
            seen.append((event.identifier, event.amount))

    with Session(clock=HastyClock(), executors={"lanes": partitioned(2)}) as session:
        session.register(tally, Ordered)
        for identifier in "AB":
            session.send(TallyOpenCommand(identifier=identifier)).result()
        for number in range(1, 31):
            add(session, number, identifier="AB"[number % 2])
        session.settled().result()

    assert [amount for identifier, amount in seen if identifier == "A"] == list(range(2, 31, 2))
    assert [amount for identifier, amount in seen if identifier == "B"] == list(range(1, 31, 2))


def test_the_checkpoint_is_the_last_event_before_the_first_that_is_not_completed(session: Session, gate: Gate) -> None:
    gate.held = {2}
    session.register(Noter)
    add(session, 1, 2, 3, 4)
    wait_for_position(session, "Noter", 3)
    spin_until(session, lambda: len(gate.seen) == 3 and len(running(session)) == 1)

    assert status_of(session, "Noter").position == 3  # opened A, opened B, added 1; not yet added 2
    assert (status_of(session, "Noter").lag, notes(session)) == (3, [(1, 1), (3, 1), (4, 1)])

    gate.opened.set()
    session.settled().result()

    assert (status_of(session, "Noter").position, notes(session)) == (6, [(1, 1), (2, 1), (3, 1), (4, 1)])


def running(session: Session) -> set[object]:
    (consumer,) = session._runtime.consumers.find("Noter")
    assert isinstance(consumer, ParallelConsumer)
    return set(consumer._running)


def test_events_that_nobody_handles_never_hold_the_checkpoint_up(session: Session) -> None:
    session.register(Noter)
    add(session, 1)
    session.send(TallyOpenCommand(identifier="C")).result()
    session.settled().result()

    assert status_of(session, "Noter").position == 4


def test_what_was_completed_ahead_of_the_checkpoint_is_not_projected_again_after_a_restart(
    gate: Gate, tmp_path: Path
) -> None:
    store = tmp_path / "store.duckdb"
    gate.refused = {2, 4}
    with Session(store, clock=ManualClock(), executors={"pool": pooled(3)}, injector={Gate: gate}) as session:
        session.register(tally, Noter)
        session.send(TallyOpenCommand(identifier="A")).result()
        add(session, 1, 2, 3, 4, 5)
        spin_until(session, lambda: sorted(gate.seen) == [1, 3, 5] and len(running(session)) == 2)
        assert status_of(session, "Noter").health is ConsumerHealth.STALLED

    gate.refused = set()
    with Session(store, clock=ManualClock(), executors={"pool": pooled(3)}, injector={Gate: gate}) as session:
        session.register(tally, Noter)
        session.settled().result()

        assert list(gate.seen)[3:] in ([2, 4], [4, 2])
        assert notes(session) == [(amount, 1) for amount in range(1, 6)]

    with Session(store) as session:  # what lies behind the checkpoint need not be remembered
        assert session.sql("SELECT count(*) FROM recq.completed_events").rows() == [(0,)]


def test_a_handler_without_executor_waits_for_all_before_it_and_lets_nothing_overtake_it(
    session: Session, gate: Gate
) -> None:
    @projector
    class Mixed:
        @event_handler(executor="pool")
        def added(self, event: TallyAddedEvent) -> None:
            gate.pass_through(event.amount)

        @event_handler
        def opened(self, event: TallyOpenedEvent) -> None:
            gate.seen.append(-1)

    gate.held = {1}
    add(session, 1, 2, 3)
    session.send(TallyOpenCommand(identifier="C")).result()
    add(session, 4, 5)
    session.register(Mixed)
    spin_until(session, lambda: len(gate.seen) == 4)  # both openings, 2 and 3; the third opening waits for 1
    before = list(gate.seen)
    gate.opened.set()
    session.settled().result()

    assert (before[:2], sorted(before[2:])) == ([-1, -1], [2, 3])
    assert list(gate.seen)[4:6] == [1, -1]
    assert sorted(list(gate.seen)[6:]) == [4, 5]


def test_a_stalled_event_is_shown_while_others_go_on(session: Session) -> None:
    failing = deque([True])

    @observer(start="first")
    class Halting:
        @event_handler
        async def added(self, event: TallyAddedEvent) -> None:
            if event.amount == 1 and failing:
                raise ConnectionError("refused")

    session.register(Halting)
    add(session, 1, 2, 3)
    wait_until(session, lambda: status_of(session, "Halting").head == 5)
    status = wait_for_health(session, "Halting", ConsumerHealth.STALLED)

    assert (status.position, status.reason) == (2, "ConnectionError: refused")
    failing.clear()
    session.register(Noter)  # any change of the model has waiting ones try again
    session.settled().result()
    assert status_of(session, "Halting").position == 5


def test_a_paused_parallel_consumer_starts_no_handler_that_waits_for_its_turn(session: Session, gate: Gate) -> None:
    @observer(start="first", concurrency=1)
    class Single:
        @event_handler
        def added(self, event: TallyAddedEvent) -> None:
            gate.pass_through(event.amount)

    gate.held = {1}
    session.register(Single)
    add(session, 1, 2, 3)
    (consumer,) = session._runtime.consumers.find("Single")
    assert isinstance(consumer, ParallelConsumer)
    spin_until(session, lambda: len(consumer._outstanding) == 3)

    session.pause("Single")
    gate.opened.set()
    wait_for_position(session, "Single", 3)
    assert list(gate.seen) == [1]
    session.resume("Single")
    session.settled().result()

    assert list(gate.seen) == [1, 2, 3]


@pytest.mark.parametrize("width", [0, -1])
@pytest.mark.parametrize("make", [pooled, partitioned])
def test_an_executor_that_would_run_nothing_is_refused(make: Callable[[int], object], width: int) -> None:
    with pytest.raises(Exception, match=f"an executor of width {width} would run nothing"):
        make(width)
