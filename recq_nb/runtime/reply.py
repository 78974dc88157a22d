"""Replies: one outcome, awaited from any event loop or thread."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Generator
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from recq_nb.errors import Rejection

T = TypeVar("T")
_Waiter = asyncio.Future[None] | threading.Event


class _Mailbox:
    """Wakes waiters in one event loop, many with one wake-up."""

    __slots__ = ("__weakref__", "_loop", "_pending", "_scheduled")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pending: deque[asyncio.Future[None]] = deque()
        self._scheduled = False

    def post(self, waiter: asyncio.Future[None]) -> None:
        self._pending.append(waiter)
        if not self._scheduled:
            self._scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the waiter's loop is closed: nobody waits any more
                self._pending.clear()

    def _wake(self) -> None:
        self._scheduled = False
        pending = self._pending
        while pending:
            waiter = pending.popleft()
            if not waiter.done():
                waiter.set_result(None)


_mailboxes: WeakKeyDictionary[asyncio.AbstractEventLoop, _Mailbox] = WeakKeyDictionary()
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
            if isinstance(waiter, threading.Event):
                waiter.set()
            else:
                self._wake(waiter)
        callbacks = self._callbacks
        while callbacks:
            callbacks.pop()(self)
        return True

    @staticmethod
    def _wake(waiter: asyncio.Future[None]) -> None:
        loop = waiter.get_loop()
        if asyncio._get_running_loop() is loop:  # noqa: SLF001  the public one raises where there is none
            if not waiter.done():
                waiter.set_result(None)
            return
        mailbox = _mailboxes.get(loop)
        if mailbox is None:
            mailbox = _mailboxes.setdefault(loop, _Mailbox(loop))
        mailbox.post(waiter)

    def __await__(self) -> Generator[object, None, T]:
        if not self._done:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            if self.done() and not waiter.done():
                waiter.set_result(None)
            yield from waiter
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
        return self._outcome()

    def _outcome(self) -> T:
        if self._error is not None:
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
        if self._done and self._callbacks:
            self._callbacks.remove(callback)
            callback(self)

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
