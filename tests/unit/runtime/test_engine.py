"""The engine: work in the order it was posted, blocking work elsewhere, and nothing that stops its loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator

import pytest

from recq_nb.errors import SessionClosedError
from recq_nb.runtime.engine import Engine

WAIT = 30.0
where: contextvars.ContextVar[str] = contextvars.ContextVar("where", default="nowhere")


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A running engine."""
    made = Engine(warn=lambda _: None)
    yield made
    made.stop()


def test_each_threads_work_is_done_in_its_order_on_one_thread(engine: Engine) -> None:
    done: list[tuple[int, int]] = []
    threads_used: set[int] = set()

    def work(poster: int, place: int) -> Callable[[], None]:
        def do() -> None:
            done.append((poster, place))
            threads_used.add(threading.get_ident())

        return do

    def post(poster: int) -> None:
        for place in range(500):
            engine.post(work(poster, place))

    posters = [threading.Thread(target=post, args=(number,)) for number in range(4)]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    engine.submit(lambda: asyncio.sleep(0), "last").result(WAIT)

    assert len(threads_used) == 1
    assert [[place for by, place in done if by == number] for number in range(4)] == [list(range(500))] * 4


def test_work_posted_by_work_is_done_too(engine: Engine) -> None:
    done = threading.Event()

    engine.post(lambda: engine.post(lambda: engine.post(done.set)))

    assert done.wait(WAIT)


def test_a_bug_in_work_is_printed_and_the_next_work_done(engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    done = threading.Event()

    engine.post(lambda: 1 // 0)  # type: ignore[arg-type]  # that is the mistake
    engine.post(done.set)

    assert done.wait(WAIT)
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_task_nobody_waits_for_prints_its_bug(engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    async def fails() -> None:
        raise ZeroDivisionError

    async def start() -> None:
        engine.start_task(fails())

    engine.submit(start, "start").result(WAIT)
    engine.submit(lambda: asyncio.sleep(0), "later").result(WAIT)

    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.parametrize("error", [ZeroDivisionError, StopIteration, SystemExit, KeyboardInterrupt])
def test_what_blocking_work_raises_reaches_whoever_awaits_it(engine: Engine, error: type[BaseException]) -> None:
    def fails() -> None:
        raise error

    async def await_it() -> str:
        try:
            await engine.in_worker(fails)
        except BaseException as raised:  # noqa: BLE001  the test looks at it
            return type(raised).__name__
        return "nothing"

    found = engine.submit(await_it, "await").result(WAIT)

    assert found == ("RuntimeError" if error is StopIteration else error.__name__)


@pytest.mark.parametrize("outer", [True, False])
def test_blocking_work_runs_in_its_tasks_context_on_another_thread(engine: Engine, *, outer: bool) -> None:
    def seen(*, name: str) -> tuple[str, bool]:
        return where.get() + name, engine.is_current_thread()

    async def look() -> tuple[str, bool]:
        where.set("here")
        return await (engine.in_outer_worker if outer else engine.in_worker)(seen, name="!")

    assert engine.submit(look, "look").result(WAIT) == ("here!", False)


def test_a_stopped_engine_refuses_work_and_stops_once(engine: Engine) -> None:
    engine.stop()
    engine.stop()

    with pytest.raises(SessionClosedError, match="this session is closed"):
        engine.post(lambda: None)
    assert engine.closed


def test_stopping_settles_what_was_submitted(engine: Engine) -> None:
    began = threading.Event()

    async def endless() -> None:
        began.set()
        await asyncio.Event().wait()

    reply = engine.submit(endless, "endless")
    assert began.wait(WAIT)

    engine.stop()

    with pytest.raises(SessionClosedError, match="endless: the session was closed meanwhile"):
        reply.result(WAIT)
