"""The graph part: what the source declares, what has happened of it, and how it fares."""

from __future__ import annotations

import time
from typing import Protocol, cast

from recq_nb.errors import RecqError
from recq_nb.flow.application_graph import ApplicationGraph, Edge, EdgeKind
from recq_nb.flow.edge_traffic import REMEMBERED, EdgeEnds, EdgeRates, EdgeTraffic
from recq_nb.flow.edge_words import edge_words
from recq_nb.flow.flow_reader import FlowReader
from recq_nb.flow.graph_picture import LEGIBLE, NOTEBOOK_ROOM, Said, application_pictures, application_svg
from recq_nb.flow.recorder import FlowRecorder
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.payload_definition import PayloadKind
from recq_nb.widgets.handler_metrics import HandlerMetrics
from recq_nb.widgets.part import BURST_REST_SECONDS, Answer, Picture
from recq_nb.widgets.protocol.envelope import Body
from recq_nb.widgets.protocol.graph import EdgeFacts, GraphEdge, GraphModel, GraphNews

LOOK_SECONDS = 0.1
"""Between two frames about messages; the first after a pause is told at once."""
BURST = 1_000
"""Hops between two looks; more of them are a burst, which is told less often."""
_VERBS = {
    PayloadKind.QUERY: "queries",
    PayloadKind.DOMAIN_EVENT: "publishes",
    PayloadKind.SERVICE_EVENT: "publishes",
}


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
    """Declared and seen edges, their traffic and lag; ``interactions_df`` and ``performance_df`` tell the same."""

    name = "graph"
    rest_seconds = 0.0

    def __init__(self, host: GraphHost) -> None:
        self._host = host
        self._metrics = HandlerMetrics(host.recorder)
        self._of: Bundle | None = None
        self._shown: Bundle | None = None
        self._graph = ApplicationGraph()
        self._traffic = EdgeTraffic(self._graph)
        self._reader = FlowReader(host.recorder)
        self._told: set[EdgeEnds] = set()
        self._has_news = False
        self._rates = EdgeRates()
        self._looked = 0.0
        self._heard = 0.0

    def snapshot(self) -> Body:
        """See ``Part.snapshot``."""
        now = time.monotonic()
        self._look(now)
        self._shown = self._of
        body: GraphModel = {
            "kind": "model",
            "pictures": [{"svg": one.svg, "width": one.width} for one in application_pictures(self._graph)],
            "legible": LEGIBLE,
            "components": [component.name for component in self._graph.components],
            "payloads": [payload.name for payload in self._graph.payloads],
            "edges": self._edges(),
            "traffic": self._facts(now),
        }
        return cast("Body", body)

    def delta(self) -> Body | None:
        """See ``Part.delta``."""
        now = time.monotonic()
        if now - self._heard < LOOK_SECONDS:
            return None
        if self._host.bundle is not self._shown:  # the picture that stays may have looked at it already
            self._told = set()
            return self.snapshot()
        self._look(now)
        if self._has_news:
            self._heard = now
        elif not self._rates.are_moving or now - self._looked < LOOK_SECONDS:
            return None  # a message that comes after this is told at once
        self._looked = now
        is_new = self._traffic.seen != self._told
        news: GraphNews = {
            "kind": "news",
            "edges": self._edges() if is_new else None,
            "traffic": self._facts(now),
        }
        self._told, self._has_news = self._traffic.seen, False
        return cast("Body", news)

    def _look(self, now: float) -> None:
        """Read what the recorder has; what a page that comes is told is news to the others all the same."""
        if self._host.bundle is not self._of:
            self._of = self._host.bundle
            self._graph = self._host.application_graph()
            self._traffic = EdgeTraffic(self._graph)
            self._rates = EdgeRates()
            self._reader = FlowReader(self._host.recorder)
        news = self._reader.look(REMEMBERED)
        self._traffic.look(news.routes, news.steps)
        self._metrics.look(now)
        self._has_news = self._has_news or bool(news.routes)
        self.rest_seconds = BURST_REST_SECONDS if news.routes.total() > BURST else 0.0

    def _edges(self) -> list[GraphEdge]:
        seen, declared = self._traffic.seen, self._traffic.declared
        shown: list[GraphEdge] = [
            {"source": edge.source, "target": edge.target, "kind": kind, "declared": True, "seen": edge in seen}
            for edge, kind in declared.items()
        ]
        shown += [
            {"source": edge.source, "target": edge.target, "kind": self._verb(edge), "declared": False, "seen": True}
            for edge in sorted(seen - declared.keys())
        ]
        return shown

    def _verb(self, edge: EdgeEnds) -> str:
        payload = self._graph.payload_by_name.get(edge.target)
        if payload is None:
            return "handles"
        return _VERBS.get(payload.kind, "sends")

    def _facts(self, now: float) -> list[EdgeFacts]:
        lags, metrics, passed = self._lags(), self._metrics.all(), self._traffic.passed
        rates = self._rates.look(now, {edge: one.messages for edge, one in passed.items()})
        facts: list[EdgeFacts] = []
        for edge in passed.keys() | self._traffic.declared.keys():
            handler = self._graph.handler_by_id.get(edge.target)
            consumes = self._traffic.declared.get(edge) is EdgeKind.CONSUMES
            lag = lags.get(handler.component, 0) if handler is not None and consumes else 0
            if edge in passed or lag:
                metric = metrics.get(edge.target)
                messages, failed = passed.get(edge, (0, 0))
                rate, p50 = rates.get(edge, 0.0), metric["p50"] if metric is not None else 0.0
                facts.append(
                    {
                        "source": edge.source,
                        "target": edge.target,
                        "count": messages,
                        "failed": failed,
                        "rate": rate,
                        "p50": p50,
                        "p95": metric["p95"] if metric is not None else 0.0,
                        "lag": lag,
                        "label": edge_words(messages, failed, lag=lag, p50=p50, rate=rate),
                    }
                )
        return sorted(facts, key=lambda one: (one["source"], one["target"]))

    def _lags(self) -> dict[str, int]:
        lags: dict[str, int] = {}
        for status in self._host.consumer_statuses():
            lags[status.component] = max(lags.get(status.component, 0), status.lag)
        return lags

    def receive(self, intent: Body, answer: Answer) -> None:  # noqa: ARG002  it has nothing to answer
        """See ``Part.receive``."""
        raise RecqError(f"the graph widget knows no intent {intent.get('kind')!r}.")

    def picture(self) -> Picture:
        """See ``Part.picture``."""
        now = time.monotonic()
        self._look(now)
        graph, said = self._graph, {(one["source"], one["target"]): _said(one) for one in self._facts(now)}
        lines = [_line(edge, said.get((edge.source, edge.target))) for edge in graph.edges]
        svg = application_svg(graph, room=NOTEBOOK_ROOM, said=said)
        return Picture(svg, "\n".join(lines) or "no component yet: run a %%recq_component cell")

    def close(self) -> None:
        """See ``Part.close``."""


def _said(facts: EdgeFacts) -> Said:
    """As on the live edge, but of a picture that stays: no rates."""
    text = edge_words(facts["count"], facts["failed"], lag=facts["lag"], p50=facts["p50"])
    return Said(text, is_wrong=bool(facts["failed"] or facts["lag"]))


def _line(edge: Edge, said: Said | None) -> str:
    line = f"{edge.source} {edge.kind} {edge.target}"
    return f"{line}: {said.text}" if said is not None and said.text else line
