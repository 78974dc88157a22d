"""A flow reader: what was recorded since it last looked, counted whatever there was, and listed as far as wanted."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from recq_nb.flow.recorder import FlowRecorder, Route
from recq_nb.ports.flow_listener import FlowStep


class FlowNews(NamedTuple):
    """What was recorded between two looks.

    Attributes:
        number: The number of the newest step, listed or not.
        routes: How many steps took each route: all of them, also those the recorder has forgotten meanwhile.
        steps: The newest of them, in order.
    """

    number: int
    routes: Counter[Route]
    steps: list[FlowStep]

    @property
    def first(self) -> int:
        """The number of the first listed step."""
        return self.number - len(self.steps) + 1


class FlowReader:
    """Reads the recorder now and then. What a look costs depends on what it lists, not on how much was recorded."""

    def __init__(self, recorder: FlowRecorder) -> None:
        self._recorder = recorder
        self._number = 0
        self._routes: Counter[Route] = Counter()

    def look(self, most: int) -> FlowNews:
        """What is new, at most so many steps of it listed."""
        now = self._recorder.now(self._number, most)
        routes = now.routes - self._routes
        self._number, self._routes = now.number, now.routes
        return FlowNews(now.number, routes, now.steps)
