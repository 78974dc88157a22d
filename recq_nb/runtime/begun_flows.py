"""Begun flows: which flows a stretch of code starts, whatever else is going on meanwhile."""

from __future__ import annotations

import threading
import weakref
from contextvars import ContextVar
from types import TracebackType
from typing import Self


class BegunFlows:
    """A scope that learns the correlation id of every flow begun within it.

    Within it is what runs in its context: the code itself, tasks it makes, and threads started after it was entered,
    which have a context of their own. Tasks and threads that ran before are not. Scopes may be nested; the inner one
    learns.

    Attributes:
        correlation_ids: In the order they were begun.
    """

    def __init__(self) -> None:
        self.correlation_ids: list[str] = []
        self._before: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._outer: BegunFlows | None = None

    def __enter__(self) -> Self:
        self._before = weakref.WeakSet(threading.enumerate())
        self._outer = _scope.get()
        _scope.set(self)
        _open.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _open.remove(self)
        _scope.set(self._outer)

    def is_new(self, thread: threading.Thread) -> bool:
        """Whether a thread was started within."""
        return thread not in self._before


_scope: ContextVar[BegunFlows | None] = ContextVar("begun flows", default=None)
_open: list[BegunFlows] = []


def note_begun(correlation_id: str) -> None:
    """A call from outside begins a flow; to be called in its own thread and context."""
    scope = _scope.get()
    if scope is None and _open:
        thread = threading.current_thread()
        scope = next((one for one in reversed(_open) if one.is_new(thread)), None)
    if scope is not None:
        scope.correlation_ids.append(correlation_id)
