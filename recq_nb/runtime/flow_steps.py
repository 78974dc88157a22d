"""Flow steps on their way to the listeners: gathered while work is done, handed over a batch at a time."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from recq_nb.errors import Rejection
from recq_nb.modeling.component_definition import HandlerDefinition
from recq_nb.modeling.message import EventMessage, Message
from recq_nb.ports.flow_listener import FlowListener, FlowStep, FlowStepKind
from recq_nb.runtime.request import PendingRequest


class FlowSteps:
    """Collects steps on the engine thread and hands them to the listeners once per round of the loop.

    Attributes:
        listening: False while nobody listens; callers then skip making steps.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._steps: list[FlowStep] = []
        self._arrived: deque[FlowStep] = deque()
        self._fetching = False
        self._listeners: tuple[FlowListener, ...] = ()
        self._scheduled = False
        self.listening = False

    def listen(self, listener: FlowListener) -> None:
        """Tell this listener of every step from now on."""
        self._listeners = (*self._listeners, listener)
        self.listening = True

    def forget(self, listener: FlowListener) -> None:
        """Stop telling this listener."""
        self._listeners = tuple(kept for kept in self._listeners if kept is not listener)
        self.listening = bool(self._listeners)

    def add(self, step: FlowStep) -> None:
        """Take a step."""
        self._steps.append(step)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.hand_over)

    def note(self, kind: FlowStepKind, message: Message, *, time_ns: int = 0, component: str = "") -> None:
        """Take a step that has no durations."""
        self.add(FlowStep(kind, time_ns or time.perf_counter_ns(), message, component))

    def start(self) -> int:
        """The moment a handler starts, in nanoseconds, if anybody wants to know."""
        return time.perf_counter_ns() if self.listening else 0

    def consumed(
        self, message: EventMessage, handler: HandlerDefinition, started_ns: int, error: BaseException | None
    ) -> None:
        """Take the step that a consumer's handler has ended; from any thread."""
        if not self.listening:
            return
        now = time.perf_counter_ns()
        kind = FlowStepKind.CONSUMED if error is None else FlowStepKind.FAILED
        outcome = "" if error is None else f"{type(error).__name__}: {error}"
        step = FlowStep(kind, now, message, handler.component, handler.name, 0, 0, now - started_ns, 0, outcome)
        self._arrived.append(step)
        if not self._fetching:  # a batch of events wakes the engine once
            self._fetching = True
            self._loop.call_soon_threadsafe(self._fetch)

    def _fetch(self) -> None:
        self._fetching = False
        while self._arrived:
            self.add(self._arrived.popleft())

    def replied(self, request: PendingRequest, error: BaseException | None) -> None:
        """Take the step that ends a request."""
        if error is None:
            self._ended(FlowStepKind.REPLIED, request, "")
        elif isinstance(error, Rejection):
            self._ended(FlowStepKind.REJECTED, request, error.code)
        else:
            self._ended(FlowStepKind.FAILED, request, f"{type(error).__name__}: {error}")

    def timed_out(self, request: PendingRequest) -> None:
        """Take the step that the sender of a request gave up waiting."""
        if self.listening:
            self._ended(FlowStepKind.TIMED_OUT, request, "outcome unknown")

    def _ended(self, kind: FlowStepKind, request: PendingRequest, outcome: str) -> None:
        handler = request.handled_by
        self.add(
            FlowStep(
                kind,
                time.perf_counter_ns(),
                request.message,
                handler.component if handler is not None else "",
                handler.name if handler is not None else "",
                request.lock_wait_ns,
                request.retrieve_ns,
                request.handler_ns,
                0,
                outcome,
                request.accepted_ns if handler is not None else 0,
            )
        )

    def hand_over(self) -> None:
        """Give the listeners what has gathered, now."""
        while self._arrived:
            self._steps.append(self._arrived.popleft())
        self._scheduled = False
        steps, self._steps = self._steps, []
        for listener in self._listeners:
            listener.record(steps)
