"""The graph part: what the source declares, what has happened of it, and how it fares."""

from __future__ import annotations

import time
from collections import Counter
from typing import Protocol, cast

from recq_nb.errors import RecqError
from recq_nb.flow.application_graph import ApplicationGraph
from recq_nb.flow.graph_picture import application_svg
from recq_nb.flow.interactions import interactions
from recq_nb.flow.recorder import FlowRecorder
from recq_nb.modeling.bundle import Bundle
from recq_nb.ports.flow_listener import FlowStep
from recq_nb.widgets.handler_metrics import HandlerMetrics
from recq_nb.widgets.part import Answer, Picture
from recq_nb.widgets.protocol.envelope import Body
from recq_nb.widgets.protocol.graph import GraphInteraction, GraphModel, GraphNews, Pulse

LOOK_SECONDS = 0.25
"""Between two looks at the recorder: pulses need not be quicker."""


class ConsumerLag(Protocol):
    """How far behind one consumer is."""

    @property
    def component(self) -> str:
        """Its component."""

    @property
    def lag(self) -> int:
        """Events it has still to pass."""


class GraphHost(Protocol):
    """What the part needs of a session."""

    recorder: FlowRecorder

    @property
    def bundle(self) -> Bundle:
        """The registered model."""

    def application_graph(self) -> ApplicationGraph:
        """The model as its source says."""

    def consumer_statuses(self) -> tuple[ConsumerLag, ...]:
        """How every consumer is doing."""


def part_for(session: object) -> GraphPart:
    """The part for a session."""
    return GraphPart(cast("GraphHost", session))


class GraphPart:
    """Declared and seen interactions with pulses, rates, durations and lag; ``interactions_df`` has the same facts."""

    name = "graph"

    def __init__(self, host: GraphHost) -> None:
        self._host = host
        self._metrics = HandlerMetrics(host.recorder)
        self._last = host.recorder.recorded
        self._of: Bundle | None = host.bundle
        self._is_moving = False
        self._graph = ApplicationGraph()
        self._seen = 0
        self._looked = 0.0

    def snapshot(self) -> Body:
        """See ``Part.snapshot``."""
        self._graph = self._host.application_graph()
        self._metrics.look(time.monotonic())
        body: GraphModel = {
            "kind": "model",
            "svg": application_svg(self._graph),
            "components": [component.name for component in self._graph.components],
            "payloads": [payload.name for payload in self._graph.payloads],
            "interactions": self._interactions(),
            "metrics": self._metrics.all(),
            "lags": self._lags(),
        }
        return cast("Body", body)

    def _interactions(self) -> list[GraphInteraction]:
        seen = self._host.recorder.seen
        return [
            {
                "component": edge.component,
                "interaction": str(edge.interaction),
                "payload": edge.payload,
                "declared": edge.declared,
                "seen": edge.seen,
            }
            for edge in interactions(self._graph, seen)
        ]

    def _lags(self) -> dict[str, int]:
        lags: dict[str, int] = {}
        for status in self._host.consumer_statuses():
            lags[status.component] = max(lags.get(status.component, 0), status.lag)
        return lags

    def delta(self) -> Body | None:
        """See ``Part.delta``."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return None
        self._looked = now
        bundle, seen = self._host.bundle, len(self._host.recorder.seen)
        if bundle is not self._of:
            self._of, self._seen = bundle, seen
            return self.snapshot()
        first, steps = self._host.recorder.since(self._last)
        if not steps and not self._is_moving:
            return None
        self._last = first + len(steps) - 1
        self._metrics.look(now)
        self._is_moving = bool(steps)
        is_new, self._seen = seen != self._seen, seen
        news: GraphNews = {
            "kind": "news",
            "pulses": _pulses(steps),
            "interactions": self._interactions() if is_new else None,
            "metrics": self._metrics.all(),
            "lags": self._lags(),
        }
        return cast("Body", news)

    def receive(self, intent: Body, answer: Answer) -> None:  # noqa: ARG002  it has nothing to answer
        """See ``Part.receive``."""
        raise RecqError(f"the graph widget knows no intent {intent.get('kind')!r}.")

    def picture(self) -> Picture:
        """See ``Part.picture``."""
        graph = self._host.application_graph()
        lines = [f"{edge.source} {edge.kind} {edge.target}" for edge in graph.edges]
        return Picture(application_svg(graph), "\n".join(lines) or "no component yet: run a %%recq_component cell")

    def close(self) -> None:
        """See ``Part.close``."""


def _pulses(steps: list[FlowStep]) -> list[Pulse]:
    counted: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    hops = Counter([(step.message.name, step.message.sender, step.component, bool(step.outcome)) for step in steps])
    for (name, sender, component, is_failed), count in hops.items():
        for end in {sender, component} - {""}:
            counted[end, name] += count
            failed[end, name] += count if is_failed else 0
    return [
        {"component": component, "payload": payload, "count": count, "failed": failed[component, payload]}
        for (component, payload), count in counted.items()
    ]
