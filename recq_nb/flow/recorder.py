"""The flow recorder: remembers every hop, bounded, so that what happened can be looked at afterwards."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from recq_nb.ports.flow_listener import FlowStep, FlowStepKind

CAPACITY = 50_000
"""Steps remembered; the oldest are forgotten first. A step takes about a hundred bytes beside its message."""

Route = tuple[FlowStepKind, type, str, str, str, str]
"""What steps have in common that took the same way: what happened, the class of the message, the payload's name, the
sender, and the component and handler that handled it."""


def route_of(step: FlowStep) -> Route:
    """The route of a step."""
    message = step.message
    return step.kind, message.__class__, message.name, message.sender, step.component, step.handler


class Recorded(NamedTuple):
    """What the recorder holds at one moment.

    Attributes:
        number: Steps recorded so far, which is the number of the newest.
        routes: How many steps took each route, forgotten ones included.
        steps: The newest steps asked for.
    """

    number: int
    routes: Counter[Route]
    steps: list[FlowStep]


class FlowRecorder:
    """Keeps the newest flow steps in the order they happened.

    The engine records; every thread may read. Steps are numbered from 1, so that a reader can ask for what is new.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._steps: deque[FlowStep] = deque(maxlen=capacity)
        self._recorded = 0
        self._routes: Counter[Route] = Counter()
        self._mutex = threading.Lock()

    def record(self, steps: Sequence[FlowStep]) -> None:
        """Take note of steps; see ``FlowListener.record``."""
        routes = [route_of(step) for step in steps]
        with self._mutex:
            self._steps.extend(steps)
            self._recorded += len(steps)
            self._routes.update(routes)

    @property
    def recorded(self) -> int:
        """Steps recorded so far, forgotten ones included."""
        with self._mutex:
            return self._recorded

    def since(self, number: int) -> tuple[int, list[FlowStep]]:
        """Steps recorded after the step of this number.

        Returns:
            The number of the first step (beyond ``number + 1`` where steps were forgotten), and the steps.
        """
        with self._mutex:
            steps = self._newest(self._recorded - number)
            return self._recorded - len(steps) + 1, steps

    def now(self, after: int, most: int) -> Recorded:
        """Everything as of now, with the newest steps after one of this number, at most so many."""
        with self._mutex:
            steps = self._newest(min(self._recorded - after, most))
            return Recorded(self._recorded, self._routes.copy(), steps)

    def _newest(self, count: int) -> list[FlowStep]:
        newest = list(islice(reversed(self._steps), max(count, 0)))
        newest.reverse()
        return newest

    def flow(self, correlation_id: str) -> list[FlowStep]:
        """The remembered steps of one flow."""
        return [step for step in self.since(0)[1] if step.message.correlation_id == correlation_id]

    def correlation_ids(self) -> list[str]:
        """The flows it remembers, in order of their first remembered step."""
        return list(dict.fromkeys(step.message.correlation_id for step in self.since(0)[1]))

    @property
    def routes(self) -> Counter[Route]:
        """How many steps took each route, forgotten ones included.

        As many routes as the model has edges, whatever the number of messages.
        """
        with self._mutex:
            return self._routes.copy()
