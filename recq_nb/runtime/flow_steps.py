"""Flow steps on their way to the listeners: gathered while work is done, handed over a batch at a time."""

from __future__ import annotations

import asyncio
import time

from recq_nb.errors import Rejection, RequestTimeoutError
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
            self._loop.call_soon(self._hand_over)

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
        self._loop.call_soon_threadsafe(self.add, step)

    def replied(self, request: PendingRequest, error: BaseException | None) -> None:
        """Take the step that ends a request."""
        kind, outcome = FlowStepKind.REPLIED, ""
        if isinstance(error, Rejection):
            kind, outcome = FlowStepKind.REJECTED, error.code
        elif isinstance(error, RequestTimeoutError):
            kind, outcome = FlowStepKind.TIMED_OUT, str(error)
        elif error is not None:
            kind, outcome = FlowStepKind.FAILED, f"{type(error).__name__}: {error}"
        self.add(
            FlowStep(
                kind,
                time.perf_counter_ns(),
                request.message,
                "",
                "",
                request.lock_wait_ns,
                request.retrieve_ns,
                request.handler_ns,
                0,
                outcome,
            )
        )

    def _hand_over(self) -> None:
        self._scheduled = False
        steps, self._steps = self._steps, []
        for listener in self._listeners:
            listener.record(steps)
