"""Edge traffic: what passed each edge of the application graph, handler by handler, from recorded flow steps.

A step names the handler that received a message, but of who sent it only the component. Which handler of it that was
follows from the model where only one can have; otherwise from the message's cause, which that handler was handling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from recq_nb.flow.application_graph import ApplicationGraph, EdgeKind
from recq_nb.flow.recorder import Route
from recq_nb.modeling.message import EventMessage, InvocationMessage
from recq_nb.ports.flow_listener import REFUSALS, FlowStep, FlowStepKind

REMEMBERED = 20_000
"""Messages whose names are known when one of them turns out to be a cause."""

RATED_SECONDS = 0.2
"""The shortest time a rate is taken over."""

_RECEIVING = {EdgeKind.HANDLES, EdgeKind.CONSUMES}
_SENDING = {EdgeKind.SENDS, EdgeKind.SCHEDULES, EdgeKind.QUERIES, EdgeKind.PUBLISHES}
_BEGINNINGS = {FlowStepKind.SENT, FlowStepKind.PUBLISHED}


class EdgeEnds(NamedTuple):
    """An edge of the picture: a handler's id and a payload's name, in the direction messages take.

    Where a component was seen to send something, and nothing tells which of its handlers did, the component's name
    stands for the handler.
    """

    source: str
    target: str


class Passed(NamedTuple):
    """How many messages passed an edge, and how many of them were refused or failed."""

    messages: int
    failed: int


class EdgeTraffic:
    """Counts since it was made; replaced when the model is.

    Args:
        graph: The model, which says whose handler is meant.
    """

    def __init__(self, graph: ApplicationGraph) -> None:
        self._receiving: dict[tuple[str, str], str] = {}
        self._sending: dict[tuple[str, str], list[str]] = {}
        self.declared: dict[EdgeEnds, EdgeKind] = {}
        for edge in graph.edges:
            handler = graph.handler_by_id.get(edge.source) or graph.handler_by_id.get(edge.target)
            if handler is None or edge.kind not in _RECEIVING | _SENDING:
                continue
            self.declared[EdgeEnds(edge.source, edge.target)] = edge.kind
            if edge.kind in _RECEIVING:
                self._receiving[handler.component, edge.source] = handler.id
            else:
                self._sending.setdefault((handler.component, edge.target), []).append(handler.id)
        self._payloads = graph.payload_by_name.keys()
        self._nodes = graph.handler_by_id.keys() | graph.component_by_name.keys()
        self._names: dict[str, str] = {}
        self._count: Counter[EdgeEnds] = Counter()
        self._failed: Counter[EdgeEnds] = Counter()

    @property
    def seen(self) -> set[EdgeEnds]:
        """Edges that something has passed."""
        return set(self._count)

    @property
    def passed(self) -> dict[EdgeEnds, Passed]:
        """What has passed each edge that something has."""
        return {edge: Passed(count, self._failed[edge]) for edge, count in self._count.items()}

    def look(self, routes: Mapping[Route, int], steps: Sequence[FlowStep]) -> None:
        """Count these, which follow those counted before.

        Args:
            routes: How many steps took each route.
            steps: The newest of them; where only a message's cause tells its edge, these alone are counted.
        """
        newest = steps[-REMEMBERED:]
        self._names.update((step.message.message_id, step.message.name) for step in newest)
        unsettled: set[tuple[str, str]] = set()
        for (kind, message, name, sender, component, handler), count in routes.items():
            if issubclass(message, InvocationMessage) or name not in self._payloads:
                continue
            if handler and f"{component}.{handler}" in self._nodes:
                self._add(EdgeEnds(name, f"{component}.{handler}"), count, count if kind in REFUSALS else 0)
            if sender and (kind in _BEGINNINGS or (kind in REFUSALS and not issubclass(message, EventMessage))):
                handlers = self._sending.get((sender, name), [])
                if len(handlers) == 1:
                    self._sent(EdgeEnds(handlers[0], name), kind, count)
                else:
                    unsettled.add((sender, name))
        if unsettled:
            self._settle(newest, unsettled)
        for old in list(self._names)[: max(len(self._names) - REMEMBERED, 0)]:
            del self._names[old]

    def _settle(self, steps: Sequence[FlowStep], unsettled: set[tuple[str, str]]) -> None:
        """Ask each message of these for the one that caused it."""
        for step in steps:
            kind, message = step.kind, step.message
            sender, name = message.sender, message.name
            is_end = kind in _BEGINNINGS or (kind in REFUSALS and not isinstance(message, EventMessage))
            if is_end and (sender, name) in unsettled:
                cause = self._names.get(message.causation_id, "")
                handler = self._receiving.get((sender, cause), sender)
                if handler in self._nodes:
                    self._sent(EdgeEnds(handler, name), kind, 1)

    def _sent(self, edge: EdgeEnds, kind: FlowStepKind, count: int) -> None:
        if kind in _BEGINNINGS:
            self._add(edge, count, 0)
        else:
            self._add(edge, 0, count)

    def _add(self, edge: EdgeEnds, count: int, failed: int) -> None:
        self._count[edge] += count
        self._failed[edge] += failed


class EdgeRates:
    """Messages a second on each edge, taken between two looks."""

    def __init__(self) -> None:
        self._before: dict[EdgeEnds, int] = {}
        self._at: float | None = None
        self._rates: dict[EdgeEnds, float] = {}

    @property
    def are_moving(self) -> bool:
        """Whether a rate last told is not zero."""
        return any(self._rates.values())

    def look(self, now: float, counts: Mapping[EdgeEnds, int]) -> Mapping[EdgeEnds, float]:
        """The rates since the last look; those of before where that was a moment ago.

        Args:
            now: Seconds of a monotonic clock.
            counts: Messages so far.
        """
        past = 0.0 if self._at is None else now - self._at
        if self._at is not None and past < RATED_SECONDS:
            return self._rates
        if past:
            self._rates = {edge: round((count - self._before.get(edge, 0)) / past, 1) for edge, count in counts.items()}
        self._before, self._at = dict(counts), now
        return self._rates
