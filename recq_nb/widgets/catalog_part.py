"""The catalog part: every payload and component of the model, what it is for, and how its handlers fare."""

from __future__ import annotations

import json
import time
from html import escape
from typing import Protocol, cast

from recq_nb.errors import RecqError
from recq_nb.flow.application_graph import ApplicationGraph
from recq_nb.flow.kind_colours import COLOURS, INVOCATION_COLOUR
from recq_nb.flow.recorder import FlowRecorder
from recq_nb.modeling.bundle import Bundle
from recq_nb.widgets.catalog_model import catalog_entries
from recq_nb.widgets.handler_metrics import HandlerMetrics
from recq_nb.widgets.part import Answer, Picture
from recq_nb.widgets.protocol.catalog import CatalogBody, CatalogMetric, MetricsBody, SchemaText
from recq_nb.widgets.protocol.envelope import Body

LOOK_SECONDS = 0.5
"""Between two looks at the recorder."""
MOST = 2_000
"""Payloads, and components, that a page is given."""
LONGEST_SCHEMA = 40_000
LONGEST_TEXT = 2_000
EMPTY = "No payload and no component yet: run a %%recq_payload or %%recq_component cell, or recq.register(...)."


class CatalogHost(Protocol):
    """What the part needs of a session."""

    recorder: FlowRecorder

    @property
    def bundle(self) -> Bundle:
        """The registered model."""

    def application_graph(self) -> ApplicationGraph:
        """The model as its source says."""


def part_for(session: object) -> CatalogPart:
    """The part for a session."""
    return CatalogPart(cast("CatalogHost", session))


class CatalogPart:
    """The model as a catalog; ``catalog_df`` has the same facts.

    Args:
        host: The session.
    """

    name = "catalog"
    rest_seconds = LOOK_SECONDS

    def __init__(self, host: CatalogHost) -> None:
        self._host = host
        self._metrics = HandlerMetrics(host.recorder)
        self._of: Bundle | None = None
        self._sent: dict[str, CatalogMetric] = {}

    def snapshot(self) -> Body:
        """See ``Part.snapshot``."""
        self._metrics.look(time.monotonic())
        self._sent = self._metrics.all()
        return self._catalog()

    def delta(self) -> Body | None:
        """See ``Part.delta``."""
        now = time.monotonic()
        if self._of is not self._host.bundle:
            self._metrics.look(now)
            self._sent = self._metrics.all()
            return self._catalog()
        self._metrics.look(now)
        metrics = self._metrics.all()
        changed = {name: metric for name, metric in metrics.items() if metric != self._sent.get(name)}
        if not changed:
            return None
        self._sent = metrics
        body: MetricsBody = {"kind": "metrics", "metrics": changed}
        return cast("Body", body)

    def _catalog(self) -> Body:
        self._of = self._host.bundle
        payloads, components = catalog_entries(self._graph())
        body: CatalogBody = {
            "kind": "catalog",
            "payloads": payloads[:MOST],
            "components": components[:MOST],
            "left_out": max(len(payloads) - MOST, 0) + max(len(components) - MOST, 0),
            "metrics": self._sent,
        }
        return cast("Body", body)

    def _graph(self) -> ApplicationGraph:
        """What is registered, without what only stands in the same source."""
        graph, bundle = self._host.application_graph(), self._host.bundle
        names = bundle.payloads.keys() | bundle.components.keys()
        return ApplicationGraph(
            tuple(payload for payload in graph.payloads if payload.name in names),
            tuple(component for component in graph.components if component.name in names),
            tuple(edge for edge in graph.edges if {_owner(edge.source), _owner(edge.target)} <= names),
        )

    def receive(self, intent: Body, answer: Answer) -> None:
        """See ``Part.receive``."""
        match intent:
            case {"kind": "schema", "name": str(name)}:
                answer(cast("Body", self._schema(name)))
            case _:
                raise RecqError(f"the catalog knows no intent {intent.get('kind')!r}.")

    def _schema(self, name: str) -> SchemaText:
        payload = self._host.bundle.payloads.get(name)
        if payload is None:
            raise RecqError(f"{name} is no registered payload.", remedy="It may have been renamed: look again.")
        text = json.dumps(payload.payload_type.model_json_schema(), indent=2, ensure_ascii=False, default=str)
        cut = f"\n… {len(text) - LONGEST_SCHEMA} more characters" if len(text) > LONGEST_SCHEMA else ""
        return {"kind": "schema", "name": name, "text": text[:LONGEST_SCHEMA] + cut}

    def picture(self) -> Picture:
        """See ``Part.picture``."""
        graph = self._graph()
        if not graph.payloads and not graph.components:
            return Picture(f"<p>{escape(EMPTY)}</p>", EMPTY)
        rows: list[tuple[str, str, str, str, str]] = []
        payloads, components = catalog_entries(graph)
        for payload in payloads[:MOST]:
            fields = ", ".join(f"{field['name']}: {field['type']}" for field in payload["fields"])
            answer = f" → {payload['answer']}" if payload["answer"] else ""
            row = (payload["kind"], payload["name"], fields + answer, ", ".join(payload["handlers"]))
            rows.append((*row, payload["description"]))
        for component in components[:MOST]:
            handles = ", ".join(handler["handles"] or handler["name"] for handler in component["handlers"])
            rows.append((component["kind"], component["name"], handles, "", component["description"]))
        return Picture(_html(rows), "\n".join(f"{kind} {name}: {content}" for kind, name, content, *_ in rows))

    def close(self) -> None:
        """See ``Part.close``."""


def _owner(node: str) -> str:
    """A payload's own name, or the component of a handler."""
    return node.partition(".")[0]


def _html(rows: list[tuple[str, str, str, str, str]]) -> str:
    head = "".join(
        f'<th scope="col" style="text-align:left">{title}</th>'
        for title in ("kind", "name", "fields or messages handled", "handled by", "description")
    )
    lines = "".join(
        '<tr><td style="text-align:left;white-space:nowrap">'
        f'<span style="color:{COLOURS.get(kind, INVOCATION_COLOUR)}">&#9679;</span> {escape(kind)}</td>'
        + "".join(f'<td style="text-align:left">{escape(text[:LONGEST_TEXT])}</td>' for text in rest)
        + "</tr>"
        for kind, *rest in rows
    )
    return (
        '<table aria-label="catalog of the model" style="font-size:12px">'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    )
