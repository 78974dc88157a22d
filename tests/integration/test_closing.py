"""Sessions that close, with work in flight or without."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from recq_nb import (
    RecqError,
    Session,
    SessionClosedError,
    command_handler,
    invocation_handler,
    invoker,
    projection,
    query_handler,
    service,
)
from tests.domains import tally
from tests.domains.tally import TallyAddCommand, TallyFindQuery, TallyOpenCommand
from tests.integration.working_model import (
    AnswerQuery,
    AnswerView,
    Gate,
    WorkCommand,
    WorkDoneEvent,
    blocking_service,
    error_of,
    still_works,
)

WAIT = 30.0


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on memory; whatever a test left running is let go before it closes."""
    with Session(timeout=WAIT) as running:
        yield running


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
    assert [type(error_of(act)) for act in acts] == [SessionClosedError] * len(acts)
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

    assert {type(error_of(lambda reply=reply: reply.result(WAIT))) for reply in replies} == {SessionClosedError}  # type: ignore[misc]  # bound now
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

    assert isinstance(error_of(reply.result), SessionClosedError)
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
            if isinstance(error_of(lambda reply=reply: reply.result(WAIT)), TimeoutError):  # type: ignore[misc]  # bound now
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


def test_a_forked_process_is_told_that_the_session_is_not_its_own(tmp_path: object) -> None:
    with Session(f"{tmp_path}/tally.duckdb") as session:
        session.register(tally)
        session.send(TallyOpenCommand(identifier="A")).result(WAIT)
        said, says = multiprocessing.get_context("fork").Pipe(duplex=False)
        child = os.fork()
        if child == 0:  # pragma: no cover  it is another process
            try:
                says.send(type(error_of(lambda: session.send(TallyAddCommand(identifier="A")).result(5))).__name__)
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

    assert isinstance(error_of(session.send(WorkCommand()).result), RuntimeError | RecqError)

    assert still_works(session)
    assert sys.exc_info() == (None, None, None)
