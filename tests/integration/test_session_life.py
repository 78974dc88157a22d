"""Requests that hang, handlers that block, sessions that close: each request ends settled, the session survives."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import concurrent.futures
import contextvars
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from recq_nb import (
    AggregateId,
    AggregateState,
    CommandGateway,
    DeadlockError,
    DomainCommand,
    DomainEvent,
    EventMessage,
    HandlerResultError,
    LockId,
    PayloadError,
    Query,
    QueryGateway,
    RecqError,
    RequestTimeoutError,
    ServiceCommand,
    ServiceEvent,
    Session,
    SessionClosedError,
    TooManyRequestsError,
    View,
    aggregate,
    aggregate_command_handler,
    command_handler,
    event_handler,
    event_sourcing_handler,
    invocation_handler,
    invoker,
    projection,
    projector,
    query_handler,
    service,
)
from tests.domains import tally
from tests.domains.tally import TallyAddCommand, TallyFindQuery, TallyOpenCommand, TallyView

WAIT = 30.0


class WorkCommand(ServiceCommand):
    name: str = ""


class LockedWorkCommand(ServiceCommand):
    account: LockId | None = None
    name: str = ""


class WorkDoneEvent(ServiceEvent):
    name: str


class StartCommand(DomainCommand):
    identifier: AggregateId
    then: str = ""


class StartedEvent(DomainEvent):
    identifier: str


class AnswerView(View):
    text: str


class AnswerQuery(Query[AnswerView]):
    text: str = ""


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on memory; whatever a test left running is let go before it closes."""
    with Session(timeout=WAIT) as running:
        yield running


class Gate:
    """Where handlers wait until a test opens it."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self._open = threading.Event()

    def pass_through(self) -> None:
        """Say that one is here, and wait."""
        self.entered.release()
        assert self._open.wait(WAIT)

    def wait_for(self, count: int = 1) -> None:
        """Wait until so many have come."""
        for _ in range(count):
            assert self.entered.acquire(timeout=WAIT)

    def open(self) -> None:
        """Let everybody through."""
        self._open.set()


def still_works(session: Session) -> bool:
    """Whether a command and a read of it get through."""
    session.register(tally)
    opened = session.send(TallyOpenCommand(identifier="still works")).result(WAIT)
    view = session.query(TallyFindQuery(identifier="still works"), after=opened).result(WAIT)
    return view == TallyView(identifier="still works", total=0)


def blocking_service(gate: Gate) -> type:
    @service
    class Worker:
        @command_handler
        def work(self, command: WorkCommand) -> WorkDoneEvent:
            gate.pass_through()
            return WorkDoneEvent(name=command.name)

    return Worker


# -- replies -----------------------------------------------------------------------------------------------------------


def test_a_reply_is_read_from_threads_and_from_any_event_loop(session: Session) -> None:
    session.register(tally)
    reply = session.send(TallyOpenCommand(identifier="A"))

    async def awaited() -> object:
        return await reply

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: reply.result(WAIT) if n % 2 else asyncio.run(awaited()), range(16)))

    assert {id(one) for one in found} == {id(reply.result())}
    assert reply.done()
    assert reply.state == "confirmed"


def test_a_reply_that_is_not_there_in_time_may_still_come(session: Session) -> None:
    gate = Gate()
    session.register(blocking_service(gate), WorkDoneEvent)
    reply = session.send(WorkCommand(name="late"))

    with pytest.raises(TimeoutError, match="no reply to WorkCommand within 0 s; it may still come"):
        reply.result(0)

    gate.open()
    assert reply.result(WAIT).event == WorkDoneEvent(name="late")


def test_a_cancelled_reply_ends_the_waiting_and_not_the_work(session: Session) -> None:
    gate = Gate()
    session.register(blocking_service(gate), WorkDoneEvent)
    reply = session.send(WorkCommand(name="given up"), command_id="w")
    gate.wait_for()

    assert reply.cancel()

    assert reply.state == "cancelled"
    with pytest.raises(asyncio.CancelledError):
        reply.result()
    gate.open()
    assert session.send(WorkCommand(name="again"), command_id="w").result(WAIT).event == WorkDoneEvent(name="given up")


def test_a_callback_that_fails_spoils_nothing_for_others(session: Session, capfd: pytest.CaptureFixture[str]) -> None:
    gate = Gate()
    session.register(blocking_service(gate), WorkDoneEvent)
    replies = [session.send(WorkCommand(name=str(n))) for n in range(3)]
    replies[0].add_done_callback(lambda _: 1 / 0)  # type: ignore[arg-type]  # that is the mistake
    gate.open()

    assert [reply.result(WAIT).event for reply in replies] == [WorkDoneEvent(name=str(n)) for n in range(3)]
    assert "ZeroDivisionError" in capfd.readouterr().err
    assert still_works(session)
    assert session.sql("select sequence_number from recq.events order by all").rows() == [(1,), (2,), (3,), (4,)]


# -- timeouts and bounds -----------------------------------------------------------------------------------------------


def test_a_timeout_says_the_outcome_is_unknown_and_resending_by_id_tells_it(session: Session) -> None:
    gate = Gate()
    session.register(blocking_service(gate), WorkDoneEvent)
    late = session.send(WorkCommand(name="slow"), timeout=0.01)

    with pytest.raises(RequestTimeoutError) as unknown:
        late.result(WAIT)

    message_id = unknown.value.message_id
    assert "the outcome of the command is unknown" in unknown.value.problem
    assert unknown.value.remedy is not None
    assert f'command_id="{message_id}"' in unknown.value.remedy
    again = session.send(WorkCommand(name="slow"), command_id=message_id)
    gate.open()
    first = again.result(WAIT)
    assert (first.command_id, first.sequence_number, first.event) == (message_id, 1, WorkDoneEvent(name="slow"))
    assert session.send(WorkCommand(name="slow"), command_id=message_id).result(WAIT) == first
    assert len(session.sql("from recq.events")) == 1


@pytest.mark.parametrize("timeout", ["soon", float("nan"), -1, object(), True], ids=str)
def test_a_timeout_that_is_no_time_is_refused_at_the_door(session: Session, timeout: float) -> None:
    session.register(tally)

    with pytest.raises(PayloadError, match="timeout="):
        session.send(TallyOpenCommand(identifier="A"), timeout=timeout)

    with pytest.raises(PayloadError, match="timeout="):
        session.query(TallyFindQuery(identifier="A"), timeout=timeout)
    assert still_works(session)
    session.settled(timeout=WAIT).result(WAIT)


def test_no_more_requests_are_accepted_than_the_bound_and_the_refused_did_nothing() -> None:
    gate = Gate()
    with Session(max_in_flight=5) as session:
        session.register(blocking_service(gate), WorkDoneEvent)
        replies = [session.send(WorkCommand(name=str(n)), timeout=WAIT) for n in range(8)]
        refused = [reply for reply in replies[5:] if isinstance(_error_of(reply.result), TooManyRequestsError)]
        gate.open()
        confirmed = [reply.result(WAIT).event for reply in replies[:5]]
        again = session.send(WorkCommand(name="7")).result(WAIT)

        assert len(refused) == 3
        assert sorted(str(event) for event in confirmed) == sorted(str(WorkDoneEvent(name=str(n))) for n in range(5))
        assert again.event == WorkDoneEvent(name="7")
        assert len(session.sql("from recq.events")) == 6


def test_the_bound_holds_for_what_an_invoker_sends_too() -> None:
    gate = Gate()

    @invoker
    class Caller:
        @invocation_handler
        async def call(self, commands: CommandGateway) -> str:
            await commands.send(WorkCommand())
            return "done"

    with Session(max_in_flight=3) as session:
        session.register(Caller, blocking_service(gate), WorkDoneEvent)
        calls = [session.invoker(Caller).call() for _ in range(5)]
        gate.wait_for(3)
        outcomes = concurrent.futures.ThreadPoolExecutor(5)
        with outcomes:
            found = [outcomes.submit(_error_of, call.result) for call in calls]
            assert {type(one.result(WAIT)) for one in found[3:]} == {TooManyRequestsError}
            gate.open()
            assert [one.result(WAIT) for one in found[:3]] == [None] * 3


def _error_of(act: Callable[[], object]) -> BaseException | None:
    try:
        act()
    except BaseException as error:  # noqa: BLE001  the error is what is asked for
        return error
    return None


# -- deadlocks ---------------------------------------------------------------------------------------------------------


@aggregate
class Chain:
    """Handles a start by starting another one first."""

    @aggregate_command_handler(init=True)
    async def start(self, command: StartCommand, commands: CommandGateway) -> StartedEvent:
        head, _, rest = command.then.partition(" ")
        if head:
            await commands.send(StartCommand(identifier=head, then=rest))
        return StartedEvent(identifier=command.identifier)


def test_a_nested_send_that_waits_for_its_own_chain_is_refused_at_once(session: Session) -> None:
    session.register(Chain)

    with pytest.raises(DeadlockError) as refused:
        session.send(StartCommand(identifier="A", then="B C A")).result(WAIT)

    assert refused.value.chain == ("StartCommand",) * 4
    assert "StartCommand(A) → StartCommand(B) → StartCommand(C) → StartCommand(A)" in refused.value.problem
    assert len(session.sql("from recq.events")) == 0
    assert still_works(session)


def test_two_chains_that_wait_for_each_other_do_not_wait_forever(session: Session) -> None:
    both_hold = threading.Barrier(2)

    @aggregate
    class Crossing:
        @aggregate_command_handler(init=True)
        def start(self, command: StartCommand, commands: CommandGateway) -> StartedEvent:
            if command.then:
                both_hold.wait(WAIT)
                commands.send(StartCommand(identifier=command.then)).result(WAIT)
            return StartedEvent(identifier=command.identifier)

    session.register(Crossing)

    replies = [session.send(StartCommand(identifier=one, then=other)) for one, other in ("AB", "BA")]

    outcomes = [_error_of(lambda reply=reply: reply.result(WAIT)) for reply in replies]  # type: ignore[misc]  # bound now
    assert sum(isinstance(outcome, DeadlockError) for outcome in outcomes) >= 1
    assert still_works(session)


def test_a_lock_is_free_again_after_every_way_a_handler_can_end(session: Session) -> None:
    @service
    class Locked:
        @command_handler
        async def work(self, command: LockedWorkCommand) -> None:
            if command.name:
                raise {"bug": ValueError, "cancelled": asyncio.CancelledError, "exit": SystemExit}[command.name]

    session.register(Locked)
    for name in ("bug", "cancelled", "exit"):
        assert _error_of(session.send(LockedWorkCommand(account="A", name=name)).result) is not None

    session.send(LockedWorkCommand(account="A")).result(WAIT)

    assert still_works(session)


def test_commands_with_one_lock_id_run_one_after_the_other_and_others_at_once(session: Session) -> None:
    running: dict[str, int] = {}
    most: dict[str, int] = {}
    mutex = threading.Lock()
    both = threading.Barrier(2)

    @service
    class Locked:
        @command_handler
        def work(self, command: LockedWorkCommand) -> None:
            account = command.account or "none"
            with mutex:
                running[account] = running.get(account, 0) + 1
                most[account] = max(most.get(account, 0), running[account])
            if command.name == "meet":
                both.wait(WAIT)
            with mutex:
                running[account] -= 1

    session.register(Locked)
    crowd = [session.send(LockedWorkCommand(account="A")) for _ in range(20)]
    pair = [session.send(LockedWorkCommand(account=account, name="meet")) for account in ("B", "C")]
    free = [session.send(LockedWorkCommand(name="meet")) for _ in range(2)] if [r.result(WAIT) for r in pair] else []
    for reply in (*crowd, *free):
        reply.result(WAIT)

    assert most == {"A": 1, "B": 1, "C": 1, "none": 2}


# -- handlers that misbehave -------------------------------------------------------------------------------------------

ENDINGS: dict[str, type[BaseException]] = {
    "SystemExit": SystemExit,
    "KeyboardInterrupt": KeyboardInterrupt,
    "CancelledError": asyncio.CancelledError,
    "GeneratorExit": GeneratorExit,
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("way", ["aggregate", "async aggregate", "service", "async service", "query", "invoker"])
def test_no_exception_of_a_handler_ends_the_session(session: Session, way: str, ending: str) -> None:
    @aggregate
    class Plain:
        @aggregate_command_handler(init=True)
        def start(self, command: StartCommand) -> StartedEvent:
            raise ENDINGS[ending]

    @aggregate
    class Awaiting:
        @aggregate_command_handler(init=True)
        async def start(self, command: StartCommand) -> StartedEvent:
            raise ENDINGS[ending]

    @service
    class Blocking:
        @command_handler
        def work(self, command: WorkCommand) -> None:
            raise ENDINGS[ending]

    @service
    class AwaitingService:
        @command_handler
        async def work(self, command: WorkCommand) -> None:
            raise ENDINGS[ending]

    @projection
    class Answering:
        @query_handler
        def answer(self, query: AnswerQuery) -> AnswerView:
            raise ENDINGS[ending]

    @invoker
    class Calling:
        @invocation_handler
        def call(self) -> None:
            raise ENDINGS[ending]

    components = {
        "aggregate": Plain,
        "async aggregate": Awaiting,
        "service": Blocking,
        "async service": AwaitingService,
        "query": Answering,
        "invoker": Calling,
    }
    session.register(components[way])
    acts: dict[str, Callable[[], object]] = {
        "query": lambda: session.query(AnswerQuery()).result(WAIT),
        "invoker": lambda: session.invoker(Calling).call().result(WAIT),
        "service": lambda: session.send(WorkCommand()).result(WAIT),
        "async service": lambda: session.send(WorkCommand()).result(WAIT),
    }

    error = _error_of(acts.get(way, lambda: session.send(StartCommand(identifier="A")).result(WAIT)))

    assert isinstance(error, HandlerResultError)
    assert ending in error.problem
    assert still_works(session)
    session.settled(timeout=WAIT).result(WAIT)


def test_a_handler_that_blocks_the_engine_is_reported_by_name(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    @aggregate
    class Sleepy:
        @aggregate_command_handler(init=True)
        def start(self, command: StartCommand) -> StartedEvent:
            deadline = time.perf_counter() + 0.15  # it computes
            while time.perf_counter() < deadline:
                pass
            return StartedEvent(identifier=command.identifier)

    session.register(Sleepy)

    session.send(StartCommand(identifier="A")).result(WAIT)

    assert "Sleepy.start kept the engine busy for" in capsys.readouterr().err


def test_a_bug_in_a_handler_reaches_the_sender_as_it_is_with_a_note(session: Session) -> None:
    @aggregate
    class Buggy:
        @aggregate_command_handler(init=True)
        def start(self, command: StartCommand) -> StartedEvent:
            raise ZeroDivisionError("my bug")

    session.register(Buggy)

    with pytest.raises(ZeroDivisionError, match="my bug") as raised:
        session.send(StartCommand(identifier="A")).result(WAIT)

    assert raised.value.__notes__ == ["raised by Buggy.start while handling StartCommand"]


def test_waiting_for_a_reply_on_the_engine_thread_is_refused(session: Session) -> None:
    @service
    class Stuck:
        @command_handler
        async def work(self, command: WorkCommand, commands: CommandGateway) -> None:
            commands.send(LockedWorkCommand()).result()

        @command_handler
        async def locked(self, command: LockedWorkCommand) -> None:
            return None

    session.register(Stuck)

    with pytest.raises(RuntimeError, match="make the handler async and await the reply"):
        session.send(WorkCommand()).result(WAIT)


@pytest.mark.parametrize("count", [300])
def test_more_blocking_handlers_than_threads_may_wait_for_nested_requests(session: Session, count: int) -> None:
    """Each holds a thread while it waits; what they wait for must never wait for those threads."""
    all_here = threading.Semaphore(0)

    @service
    class Outer:
        @command_handler
        def work(self, command: WorkCommand, commands: CommandGateway) -> None:
            all_here.release()
            commands.send(LockedWorkCommand(name=command.name)).result(WAIT)

    @service
    class Inner:
        @command_handler
        def work(self, command: LockedWorkCommand) -> None:
            for _ in range(200):  # as many as ever run at once have begun
                if all_here.acquire(timeout=WAIT):
                    all_here.release()

    session.register(Outer, Inner)

    replies = [session.send(WorkCommand(name=str(n)), timeout=10) for n in range(count)]

    assert [reply.result(WAIT).event for reply in replies] == [None] * count


def test_more_blocking_invocations_than_threads_may_read_their_own_writes(session: Session) -> None:
    @invoker
    class Desk:
        @invocation_handler
        def open(self, identifier: str, commands: CommandGateway, queries: QueryGateway) -> int:
            opened = commands.send(TallyOpenCommand(identifier=identifier)).result(WAIT)
            return queries.query(TallyFindQuery(identifier=identifier), after=opened, timeout=10).result(WAIT).total

    session.register(tally, Desk)
    desk = session.invoker(Desk)

    calls = [desk.open(f"T{n}") for n in range(300)]

    assert [call.result(WAIT) for call in calls] == [0] * 300


# -- where output lands ------------------------------------------------------------------------------------------------

cell: contextvars.ContextVar[str] = contextvars.ContextVar("cell", default="nowhere")


def test_every_handler_runs_in_the_context_of_whoever_caused_it(session: Session) -> None:
    seen: dict[str, str] = {}

    class StartState(AggregateState):
        pass

    @aggregate
    class Starting:
        @aggregate_command_handler(init=True)
        def start(self, command: StartCommand) -> StartedEvent:
            seen["aggregate"] = cell.get()
            return StartedEvent(identifier=command.identifier)

        @event_sourcing_handler
        def started(self, event: StartedEvent) -> StartState:
            return StartState()

    @service
    class Working:
        @command_handler
        def work(self, command: WorkCommand, commands: CommandGateway) -> None:
            seen["service"] = cell.get()
            commands.send(LockedWorkCommand()).result(WAIT)

        @command_handler
        async def locked(self, command: LockedWorkCommand) -> None:
            seen["nested service"] = cell.get()

    @projector
    class Watching:
        @event_handler
        def started(self, event: StartedEvent, message: EventMessage) -> None:
            seen["projector"] = cell.get()

    @projection
    class Answering:
        @query_handler
        def answer(self, query: AnswerQuery) -> AnswerView:
            seen["projection"] = cell.get()
            return AnswerView(text=query.text)

    @invoker
    class Calling:
        @invocation_handler
        async def call(self, queries: QueryGateway) -> None:
            seen["invoker"] = cell.get()
            await queries.query(AnswerQuery())

    session.register(Starting, Working, Watching, Answering, Calling)

    def run(name: str) -> None:
        cell.set(name)
        session.send(StartCommand(identifier="A")).result(WAIT)
        session.send(WorkCommand()).result(WAIT)
        session.invoker(Calling).call().result(WAIT)
        session.settled(timeout=WAIT).result(WAIT)

    contextvars.copy_context().run(run, "cell 7")

    expected = ["aggregate", "service", "nested service", "projector", "invoker", "projection"]
    assert seen == dict.fromkeys(expected, "cell 7")
    assert cell.get() == "nowhere"


# -- closing -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=range(5))
def attempt(request: pytest.FixtureRequest) -> int:
    """Races are tried several times."""
    return int(request.param)


def test_closing_twice_and_using_a_closed_session_is_told(session: Session) -> None:
    session.register(tally)
    session.close()
    session.close()

    acts: list[Callable[[], object]] = [
        lambda: session.send(TallyOpenCommand(identifier="A")),
        lambda: session.query(TallyFindQuery(identifier="A")),
        lambda: session.sql("select 1"),
        lambda: session.register(tally),
        session.settled,
        session.reset,
        lambda: session.unregister("TallyAggregate"),
    ]
    assert [type(_error_of(act)) for act in acts] == [SessionClosedError] * len(acts)
    assert session.closed
    assert repr(session) == "<Session('memory'), closed>"


def test_an_invoker_of_a_closed_session_says_so(session: Session) -> None:
    @invoker
    class Calling:
        @invocation_handler
        def call(self) -> None:
            return None

    session.register(Calling)
    calling = session.invoker(Calling)
    session.close()

    with pytest.raises(SessionClosedError):
        calling.call()


def test_closing_with_work_in_flight_settles_every_reply() -> None:
    gate = Gate()
    session = Session()
    session.register(blocking_service(gate), WorkDoneEvent)
    replies = [session.send(WorkCommand(name=str(n))) for n in range(10)]
    gate.wait_for()

    session.close()

    assert {type(_error_of(lambda reply=reply: reply.result(WAIT))) for reply in replies} == {SessionClosedError}  # type: ignore[misc]  # bound now
    gate.open()


def test_closing_ends_a_query_that_nobody_waits_for_any_more(tmp_path: Path) -> None:
    began = threading.Semaphore(0)

    @projection
    class Slow:
        @query_handler
        def answer(self, query: AnswerQuery, connection: duckdb.DuckDBPyConnection) -> AnswerView:
            began.release()
            endless = "select count(*) from range(1000000) a, range(1000000) b where a.range <> b.range + 1"
            return AnswerView(text=str(connection.execute(endless).fetchone()))

    session = Session(tmp_path / "slow.duckdb")
    session.register(Slow)
    reply = session.query(AnswerQuery())
    assert began.acquire(timeout=WAIT)

    session.close()

    assert isinstance(_error_of(reply.result), SessionClosedError)
    with Session(tmp_path / "slow.duckdb") as session:
        assert still_works(session)


@pytest.mark.usefixtures("attempt")
def test_what_is_sent_while_a_session_closes_is_refused_or_settled() -> None:
    session = Session()
    session.register(tally)
    session.send(TallyOpenCommand(identifier="A")).result(WAIT)
    unsettled: list[str] = []
    closing = threading.Event()

    def fire() -> None:
        while True:
            try:
                reply = session.send(TallyAddCommand(identifier="A"))
            except SessionClosedError:
                return
            closing.set()
            if isinstance(_error_of(lambda reply=reply: reply.result(WAIT)), TimeoutError):  # type: ignore[misc]  # bound now
                unsettled.append("a reply")

    threads = [threading.Thread(target=fire) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert closing.wait(WAIT)
    session.close()
    for thread in threads:
        thread.join(WAIT)

    assert not any(thread.is_alive() for thread in threads)
    assert unsettled == []


def test_closing_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    with Session() as session:
        assert still_works(session)

    left = [thread for thread in set(threading.enumerate()) - before if not thread.daemon]
    for thread in left:
        thread.join(WAIT)
    assert [thread for thread in set(threading.enumerate()) - before if thread.is_alive()] == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_is_told_that_the_session_is_not_its_own(tmp_path: object) -> None:
    with Session(f"{tmp_path}/tally.duckdb") as session:
        session.register(tally)
        session.send(TallyOpenCommand(identifier="A")).result(WAIT)
        said, says = multiprocessing.get_context("fork").Pipe(duplex=False)
        child = os.fork()
        if child == 0:  # pragma: no cover  it is another process
            try:
                says.send(type(_error_of(lambda: session.send(TallyAddCommand(identifier="A")).result(5))).__name__)
                session.close()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert said.poll(0)
        assert said.recv() == "SessionClosedError"
        session.send(TallyAddCommand(identifier="A")).result(WAIT)
        session.settled(timeout=WAIT).result(WAIT)

    with Session(f"{tmp_path}/tally.duckdb") as session:
        assert session.status().head == 2


def test_closing_from_a_handler_on_the_engine_is_refused_and_harms_nothing(session: Session) -> None:
    @service
    class Closing:
        @command_handler
        async def work(self, command: WorkCommand) -> None:
            session.close()

    session.register(Closing)

    assert isinstance(_error_of(session.send(WorkCommand()).result), RuntimeError | RecqError)

    assert still_works(session)
    assert sys.exc_info() == (None, None, None)
