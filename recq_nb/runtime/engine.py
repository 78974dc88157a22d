"""The engine: the one thread and event loop on which a session's gateway, managers and consumers live."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import sys
import threading
import traceback
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from recq_nb.errors import SessionClosedError
from recq_nb.runtime import garbage
from recq_nb.runtime.reply import PendingReply, allow_blocking, forbid_blocking, one_wake_up
from recq_nb.runtime.watchdog import Watchdog

T = TypeVar("T")
P = ParamSpec("P")
MAX_WORKERS = 256
MAX_INNER_WORKERS = 4096

_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


class Engine:
    """Runs work on its own thread: in the order each thread posted it, many pieces with one wake-up.

    Blocking handlers of requests from outside run on at most 256 worker threads, made as they are needed. They may wait
    for nested requests and for consumers, which therefore have threads of their own and never queue behind them.
    """

    def __init__(self, name: str = "recq-engine", warn: Callable[[str], None] = print) -> None:
        self._loop = asyncio.new_event_loop()
        self._inbox: deque[Callable[[], None]] = deque()
        self._awake = False
        self._closed = False
        self._tasks: set[asyncio.Task[object]] = set()
        self._forked = False
        self._workers = ThreadPoolExecutor(MAX_WORKERS, thread_name_prefix=f"{name}-worker")
        self._inner_workers = ThreadPoolExecutor(MAX_INNER_WORKERS, thread_name_prefix=f"{name}-inner-worker")
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        _engines.add(self)
        started = threading.Event()
        self._loop.call_soon(started.set)
        self._thread.start()
        started.wait()
        self._watchdog = Watchdog(self._loop, self._thread, warn)
        garbage.collect_seldom()

    def _run(self) -> None:
        thread_id = threading.get_ident()
        forbid_blocking(
            thread_id,
            "result() on the engine thread would wait for itself; make the handler async and await the reply.",
        )
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            allow_blocking(thread_id)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The engine's event loop."""
        return self._loop

    @property
    def closed(self) -> bool:
        """Whether it has been stopped."""
        return self._closed

    def is_current_thread(self) -> bool:
        """Whether the caller is on the engine thread."""
        return threading.get_ident() == self._thread.ident

    def post(self, work: Callable[[], None]) -> None:
        """Run this on the engine thread soon; from any thread.

        Raises:
            SessionClosedError: The engine has been stopped.
        """
        if self._closed:
            raise self._refusal()
        self._inbox.append(work)
        if not self._awake:
            self._awake = True
            if self.is_current_thread():
                self._loop.call_soon(self._drain)
            else:
                with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile; the work is withdrawn below
                    self._loop.call_soon_threadsafe(self._drain)
        if self.closed:  # by another thread, since it was asked above
            try:
                self._inbox.remove(work)
            except ValueError:  # the engine took it while it was closing
                return
            raise self._refusal()

    def _refusal(self) -> SessionClosedError:
        if self._forked:
            return SessionClosedError(
                "this session belongs to the process this one was forked from.",
                remedy="Start a session in this process, on a store of its own: `recq = Session(...)`.",
            )
        return SessionClosedError("this session is closed.", remedy="Start a new one: `recq = Session(...)`.")

    def _drain(self) -> None:
        self._awake = False
        inbox = self._inbox
        with one_wake_up():
            for _ in range(len(inbox)):
                work = inbox.popleft()
                try:
                    work()
                except Exception:  # noqa: BLE001  border: work settles its replies; a bug must not stop the engine
                    traceback.print_exc(file=sys.stderr)
        if inbox and not self._awake:
            self._awake = True
            self._loop.call_soon(self._drain)

    def start_task(
        self, coroutine: Coroutine[object, object, T], context: contextvars.Context | None = None
    ) -> asyncio.Task[T]:
        """Run a coroutine as a task the engine looks after; on the engine thread only."""
        task = self._loop.create_task(coroutine, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or self._closed:
            return
        if (error := task.exception()) is not None:  # a task settles its errors itself; this one is a bug
            traceback.print_exception(error, file=sys.stderr)

    def submit(self, make: Callable[[], Coroutine[object, object, T]], label: str = "") -> PendingReply[T]:
        """Run a coroutine on the engine and reply with its result; from any thread."""
        reply: PendingReply[T] = PendingReply(label)

        async def answer() -> None:
            try:
                reply.settle(await make())
            except asyncio.CancelledError:
                reply.settle(None, SessionClosedError(f"{label}: the session was closed meanwhile."))
                raise
            except Exception as error:  # noqa: BLE001  border: the error goes to whoever waits for the reply
                reply.settle(None, error)

        self.post(lambda: _ignore(self.start_task(answer())))
        return reply

    async def in_worker(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function on a worker thread, in the context given by the caller's task.

        For everything that a handler of a request from outside may come to wait for.
        """
        return await self._in(self._inner_workers, lambda: function(*args, **kwargs))

    async def in_outer_worker(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for the handler of a request from outside."""
        return await self._in(self._workers, lambda: function(*args, **kwargs))

    async def _in(self, workers: ThreadPoolExecutor, function: Callable[[], T]) -> T:
        context = contextvars.copy_context()
        errors: list[BaseException] = []

        def run() -> list[T]:
            try:
                return [context.run(function)]
            except BaseException as error:  # noqa: BLE001  a future takes no StopIteration; the caller raises it
                errors.append(error)
                return []

        results = await self._loop.run_in_executor(workers, run)
        if errors:
            raise errors[0]
        return results[0]

    def start_in_worker(self, function: Callable[[], None]) -> None:
        """Run a blocking function on a worker thread without waiting for it; it settles what it must itself."""
        self._inner_workers.submit(function)

    @property
    def running_tasks(self) -> int:
        """How many tasks the engine looks after now."""
        return len(self._tasks)

    def stop(self) -> None:
        """Cancel every task, stop the loop, end the thread and the workers. Idempotent; not from the engine thread."""
        if self._closed:
            return
        self._closed = True
        self._watchdog.stop()
        garbage.collect_as_before()
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._inner_workers.shutdown(wait=False, cancel_futures=True)
        self._loop.close()

    def abandon(self) -> None:
        """Stop without finishing anything: the interpreter is about to exit, and its worker threads are gone."""
        if self._closed:
            return
        self._closed = True
        self._watchdog.stop()
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result(timeout=2)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._loop.close()

    @property
    def forked(self) -> bool:
        """Whether this is a forked process's copy, whose thread stayed behind."""
        return self._forked

    def _after_fork(self) -> None:
        self._closed = self._forked = True

    async def _cancel_all(self) -> None:
        tasks = [task for task in self._tasks if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ignore(task: object) -> None:
    """A task's outcome travels through its reply; its handle is not needed."""


def _forget_engines() -> None:
    for engine in _engines:
        engine._after_fork()  # noqa: SLF001  this module's own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_engines)
