"""Replies: one outcome, awaited from any event loop or thread."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from recq_nb.errors import Rejection

T = TypeVar("T")


class _Held(threading.local):
    """Mailboxes whose wake-up waits until the thread has settled all it is about to settle."""

    mailboxes: list[_Mailbox] | None = None


_held = _Held()


@contextmanager
def one_wake_up() -> Iterator[None]:
    """Wake each event loop once for all replies settled in this block.

    A wake-up is a system call that hands the interpreter to the loop it wakes: that loop would answer the first reply
    while the others are still being settled, and every message would pay for a switch of threads.
    """
    if _held.mailboxes is not None:
        yield
        return
    held: list[_Mailbox] = []
    _held.mailboxes = held
    try:
        yield
    finally:
        _held.mailboxes = None
        for mailbox in held:
            mailbox.signal()


class _Mailbox:
    """Wakes waiters in one event loop, many with one wake-up."""

    __slots__ = ("_pending", "_scheduled", "_thread_id", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._thread_id = threading.get_ident()
        self._pending: deque[asyncio.Future[None]] = deque()
        self._scheduled = False

    def post(self, waiter: asyncio.Future[None]) -> None:
        if threading.get_ident() == self._thread_id:
            if not waiter.done():
                waiter.set_result(None)
            return
        self._pending.append(waiter)
        if self._scheduled:
            return
        self._scheduled = True
        if _held.mailboxes is None:
            self.signal()
        else:
            _held.mailboxes.append(self)

    def signal(self) -> None:
        try:
            self.loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # the waiters' loop is closed: nobody waits any more
            self._pending.clear()

    def _wake(self) -> None:
        self._scheduled = False
        pending = self._pending
        while pending:
            waiter = pending.popleft()
            if not waiter.done():
                waiter.set_result(None)


_Waiter = tuple[_Mailbox, asyncio.Future[None]] | threading.Event


class _Here(threading.local):
    """The mailbox of the event loop that awaited last in this thread."""

    mailbox: _Mailbox | None = None


_here = _Here()
_forbidden_threads: dict[int, str] = {}


def forbid_blocking(thread_id: int, reason: str) -> None:
    """Have ``result()`` refuse to wait on this thread, which would never be woken again."""
    _forbidden_threads[thread_id] = reason


def allow_blocking(thread_id: int) -> None:
    """Undo ``forbid_blocking``, once the thread has ended."""
    _forbidden_threads.pop(thread_id, None)


class PendingReply(Generic[T]):
    """The answer to one request. Settled once, on the engine thread; read from everywhere.

    Await it, or call ``result()`` from a thread. It is no coroutine: awaiting it twice, or never, is fine.
    """

    __slots__ = ("_callbacks", "_done", "_error", "_value", "_waiters", "label")

    def __init__(self, label: str = "") -> None:
        self.label = label
        self._done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._waiters: list[_Waiter] = []
        self._callbacks: list[Callable[[PendingReply[T]], None]] | None = None

    def settle(self, value: T | None, error: BaseException | None = None) -> bool:
        """Set the outcome and wake who waits; False if there already was one. Engine thread, or before sharing."""
        if self._done:
            return False
        self._value = value
        self._error = error
        self._done = True
        waiters = self._waiters
        while waiters:
            waiter = waiters.pop()
            if isinstance(waiter, tuple):
                mailbox, future = waiter
                mailbox.post(future)
            else:
                waiter.set()
        callbacks = self._callbacks
        while callbacks:
            self._call(callbacks.pop())
        return True

    def _call(self, callback: Callable[[PendingReply[T]], None]) -> None:
        try:
            callback(self)
        except Exception:  # noqa: BLE001  border: whoever settles this reply has others to settle
            traceback.print_exc(file=sys.stderr)

    def __await__(self) -> Generator[object, None, T]:
        if not self._done:
            loop = asyncio.get_running_loop()
            mailbox = _here.mailbox
            if mailbox is None or mailbox.loop is not loop:
                mailbox = _here.mailbox = _Mailbox(loop)
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append((mailbox, waiter))
            if self.done() and not waiter.done():
                waiter.set_result(None)
            yield from waiter
        __tracebackhide__ = True  # a failure is the handler's, not the reply's
        return self._outcome()

    def result(self, timeout: float | None = None) -> T:
        """Wait in this thread for the outcome, at most ``timeout`` seconds.

        Raises:
            TimeoutError: There is none yet; the request goes on.
            RuntimeError: This thread is the engine's, which would wait for itself: await the reply instead.
            Exception: Whatever the request failed with.
        """
        if not self._done:
            if (reason := _forbidden_threads.get(threading.get_ident())) is not None:
                raise RuntimeError(reason)
            waiter = threading.Event()
            self._waiters.append(waiter)
            if self.done():
                waiter.set()
            if not waiter.wait(timeout):
                raise TimeoutError(f"no reply to {self.label} within {timeout} s; it may still come.")
        __tracebackhide__ = True  # a failure is the handler's, not the reply's
        return self._outcome()

    def _outcome(self) -> T:
        if self._error is not None:
            __tracebackhide__ = True
            raise self._error
        return self._value  # type: ignore[return-value]  # settled without error: the value is a T

    def done(self) -> bool:
        """True once there is an outcome."""
        return self._done

    def exception(self) -> BaseException | None:
        """What it failed with; None while pending or after success."""
        return self._error

    def cancel(self) -> bool:
        """Stop waiting: whoever waits gets ``CancelledError``. The work itself goes on and may take effect.

        Returns:
            False if there already was an outcome.
        """
        return self.settle(None, asyncio.CancelledError(f"{self.label}: given up waiting; its outcome is unknown"))

    def add_done_callback(self, callback: Callable[[PendingReply[T]], None]) -> None:
        """Call this once there is an outcome, on the thread that settles it; at once if there is one."""
        if self._callbacks is None:
            self._callbacks = []
        self._callbacks.append(callback)
        if self._done:
            try:
                self._callbacks.remove(callback)
            except ValueError:  # settled, and called, this moment
                return
            self._call(callback)

    @property
    def state(self) -> str:
        """``pending``, ``confirmed``, ``rejected``, ``failed`` or ``cancelled``."""
        if not self._done:
            return "pending"
        if self._error is None:
            return "confirmed"
        if isinstance(self._error, Rejection):
            return "rejected"
        return "cancelled" if isinstance(self._error, asyncio.CancelledError) else "failed"

    def __repr__(self) -> str:
        detail = self._error if self._error is not None else self._value
        return f"<reply to {self.label}: {self.state}{'' if detail is None else f' {detail!r}'}>"
