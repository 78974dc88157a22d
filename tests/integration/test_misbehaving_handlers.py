"""Handlers that raise, block, print and nest: the session survives, and the sender hears of it."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from recq_nb import (
    AggregateState,
    CommandGateway,
    EventMessage,
    HandlerResultError,
    QueryGateway,
    Session,
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
from tests.domains.tally import TallyFindQuery, TallyOpenCommand
from tests.integration.working_model import (
    AnswerQuery,
    AnswerView,
    LockedWorkCommand,
    StartCommand,
    StartedEvent,
    WorkCommand,
    error_of,
    still_works,
)

WAIT = 30.0


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on memory; whatever a test left running is let go before it closes."""
    with Session(timeout=WAIT) as running:
        yield running


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

    error = error_of(acts.get(way, lambda: session.send(StartCommand(identifier="A")).result(WAIT)))

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


def test_a_handler_that_is_nearly_always_quick_is_not_blamed(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = threading.Event()

    @aggregate
    class Moody:
        @aggregate_command_handler(init=True)
        def start(self, command: StartCommand) -> StartedEvent:
            deadline = time.perf_counter() + (0.15 if slow.is_set() else 0)
            while time.perf_counter() < deadline:
                pass
            return StartedEvent(identifier=command.identifier)

    session.register(Moody)
    for number in range(40):
        session.send(StartCommand(identifier=f"quick {number}")).result(WAIT)
    slow.set()

    for number in range(3):
        session.send(StartCommand(identifier=f"slow {number}")).result(WAIT)
        assert ("kept the engine busy" in capsys.readouterr().err) is (number == 2)  # the third of 43 is one too many


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
