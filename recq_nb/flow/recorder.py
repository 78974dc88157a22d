"""The flow recorder: remembers every hop, bounded, so that what happened can be looked at afterwards."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from itertools import islice

from recq_nb.ports.flow_listener import FlowStep, FlowStepKind

CAPACITY = 50_000
"""Steps remembered; the oldest are forgotten first. A step takes about a hundred bytes beside its message."""

Seen = tuple[FlowStepKind, type, str, str, str]
"""What a hop was: its kind, the class of its message, the payload's name, the sender, and who handled it."""


class FlowRecorder:
    """Keeps the newest flow steps in the order they happened.

    The engine records; every thread may read. Steps are numbered from 1, so that a reader can ask for what is new.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._steps: deque[FlowStep] = deque(maxlen=capacity)
        self._recorded = 0
        self._seen: set[Seen] = set()
        self._mutex = threading.Lock()

    def record(self, steps: Sequence[FlowStep]) -> None:
        """Take note of steps; see ``FlowListener.record``."""
        seen = {
            (step.kind, step.message.__class__, step.message.name, step.message.sender, step.component)
            for step in steps
        }
        with self._mutex:
            self._steps.extend(steps)
            self._recorded += len(steps)
            self._seen |= seen

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
            oldest = self._recorded - len(self._steps) + 1
            first = max(number + 1, oldest)
            return first, list(islice(self._steps, first - oldest, None))

    def flow(self, correlation_id: str) -> list[FlowStep]:
        """The remembered steps of one flow."""
        return [step for step in self.since(0)[1] if step.message.correlation_id == correlation_id]

    def correlation_ids(self) -> list[str]:
        """The flows it remembers, in order of their first remembered step."""
        return list(dict.fromkeys(step.message.correlation_id for step in self.since(0)[1]))

    @property
    def seen(self) -> frozenset[Seen]:
        """Every kind of hop there has been, forgotten ones included: as many as the model has edges, not messages."""
        with self._mutex:
            return frozenset(self._seen)

    def clear(self) -> None:
        """Forget everything; numbering goes on."""
        with self._mutex:
            self._steps.clear()
            self._seen.clear()
