"""A small model whose handlers can be held, for tests of what happens while they are."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import threading
from collections.abc import Callable

from recq_nb import (
    AggregateId,
    DomainCommand,
    DomainEvent,
    LockId,
    Query,
    ServiceCommand,
    ServiceEvent,
    Session,
    View,
    command_handler,
    service,
)
from tests.domains import tally
from tests.domains.tally import TallyFindQuery, TallyOpenCommand, TallyView

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


def error_of(act: Callable[[], object]) -> BaseException | None:
    try:
        act()
    except BaseException as error:  # noqa: BLE001  the error is what is asked for
        return error
    return None
