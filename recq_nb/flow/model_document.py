"""Model document: the application graph as JSON that tools can rely on; ``model_document.schema.json`` describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from recq_nb.flow.application_graph import ApplicationGraph, ComponentNode, Edge, HandlerNode, PayloadNode
from recq_nb.flow.finding import Finding
from recq_nb.flow.sources.source import Position
from recq_nb.modeling.payload import Payload

VERSION = "1.0"
"""Minor: something was added. Major: something means something else, or is gone."""

Json = Mapping[str, object]


def model_document(
    graph: ApplicationGraph, *, findings: Iterable[Finding] = (), classes: Mapping[str, type[Payload]] | None = None
) -> Json:
    """The document, ready for ``json.dumps``.

    Args:
        graph: The model.
        findings: Of lint, where the reader wants them in the same document.
        classes: Live payload classes by name; those listed get their JSON Schema.
    """
    known = classes or {}
    return {
        "format": "recq-model",
        "version": VERSION,
        "payloads": [_payload(payload, known.get(payload.name)) for payload in graph.payloads],
        "components": list(map(_component, graph.components)),
        "edges": list(map(_edge, graph.edges)),
        "unresolved": list(map(_position, graph.unresolved)),
        "findings": list(map(finding_document, findings)),
    }


def document_schema() -> Json:
    """The JSON Schema (2020-12) every document of this version satisfies."""
    schema: Json = json.loads(Path(__file__).with_suffix(".schema.json").read_text(encoding="utf-8"))
    return schema


def _position(position: Position) -> Json:
    place: dict[str, object] = {"path": position.path, "line": position.line, "column": position.column}
    if position.cell:
        place["cell"] = position.cell
    if position.cell_id:
        place["cellId"] = position.cell_id
    return place


def _payload(payload: PayloadNode, live: type[Payload] | None) -> Json:
    fields = [
        {"name": field.name, "type": field.type_text, "required": field.default is None}
        | ({} if field.default is None else {"default": field.default})
        for field in payload.fields
    ]
    document: dict[str, object] = {"name": payload.name, "kind": str(payload.kind), "fields": fields}
    if payload.position is not None:
        document["position"] = _position(payload.position)
    if payload.description:
        document["description"] = payload.description
    if payload.view is not None:
        document["view"] = {"name": payload.view, "many": payload.is_many}
    if live is not None:
        document["schema"] = live.model_json_schema(mode="serialization")
    return document


def _component(component: ComponentNode) -> Json:
    document: dict[str, object] = {
        "name": component.name,
        "kind": str(component.kind),
        "position": _position(component.position),
        "readModels": list(component.read_models),
        "handlers": list(map(_handler, component.handlers)),
    }
    optional = {"state": component.state, "version": component.version, "description": component.description}
    return document | {name: value for name, value in optional.items() if value}


def _handler(handler: HandlerNode) -> Json:
    document: dict[str, object] = {
        "id": handler.id,
        "name": handler.name,
        "kind": str(handler.kind),
        "position": _position(handler.position),
        "async": handler.is_async,
        "init": handler.init,
    }
    optional = {
        "handles": handler.handles,
        "associationProperty": handler.association_property,
        "description": handler.description,
    }
    return document | {name: value for name, value in optional.items() if value}


def _edge(edge: Edge) -> Json:
    return {
        "source": edge.source,
        "target": edge.target,
        "kind": str(edge.kind),
        "positions": list(map(_position, edge.positions)),
    }


def finding_document(finding: Finding) -> Json:
    """One finding, as it stands in a document."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "message": finding.message,
        "remedy": finding.remedy,
        "position": _position(finding.position),
    }
