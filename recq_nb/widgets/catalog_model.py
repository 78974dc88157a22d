"""The catalog's entries: payloads and components of an application graph, each with who makes and who handles it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from recq_nb.flow.application_graph import ApplicationGraph, ComponentNode, EdgeKind, HandlerNode, PayloadNode
from recq_nb.flow.sources.source import Position
from recq_nb.modeling.capability import ComponentKind
from recq_nb.widgets.protocol.catalog import CatalogComponent, CatalogHandler, CatalogPayload, CatalogRelation

_INCOMING = {EdgeKind.HANDLES, EdgeKind.APPLIES, EdgeKind.CONSUMES}
_SUFFIXES = {ComponentKind.AGGREGATE: "Aggregate", ComponentKind.SERVICE: "Service"}


def domains_of(graph: ApplicationGraph) -> Mapping[str, str]:
    """The domain of each payload and component: an aggregate's or service's name without that word.

    A name that starts with one belongs to the longest such; another payload belongs to the aggregate or service that
    handles or publishes it. What nothing claims, e.g. a saga across domains, is not in it.
    """
    owners = {
        one.name: one.name.removesuffix(_SUFFIXES[one.kind]) or one.name
        for one in graph.components
        if one.kind in _SUFFIXES
    }
    domains: dict[str, str] = {}
    for edge in graph.edges:
        handler, payload = (edge.target, edge.source) if edge.kind in _INCOMING else (edge.source, edge.target)
        owner = owners.get(handler.partition(".")[0])
        if owner is not None and edge.kind is not EdgeKind.SENDS and edge.kind is not EdgeKind.QUERIES:
            domains.setdefault(payload, owner)
    stems = sorted(owners.values(), key=len, reverse=True)
    for name in (*graph.payload_by_name, *graph.component_by_name):
        stem = next((stem for stem in stems if name.startswith(stem)), None)
        if stem is not None:
            domains[name] = stem
    return domains


def catalog_entries(graph: ApplicationGraph) -> tuple[list[CatalogPayload], list[CatalogComponent]]:
    """Every payload and component, in the order of the source."""
    domains = domains_of(graph)
    producers: dict[str, dict[str, None]] = defaultdict(dict)
    handlers: dict[str, dict[str, None]] = defaultdict(dict)
    relations: dict[str, list[CatalogRelation]] = defaultdict(list)
    for edge in graph.edges:
        if edge.kind in _INCOMING:
            handlers[edge.source][edge.target] = None
        else:
            producers[edge.target][edge.source] = None
            relations[edge.source].append({"verb": str(edge.kind), "payload": edge.target})
    payloads = [_payload(one, domains, list(producers[one.name]), list(handlers[one.name])) for one in graph.payloads]
    return payloads, [_component(one, domains, relations) for one in graph.components]


def _payload(
    node: PayloadNode, domains: Mapping[str, str], producers: list[str], handlers: list[str]
) -> CatalogPayload:
    return {
        "name": node.name,
        "kind": str(node.kind),
        "domain": domains.get(node.name, ""),
        "description": node.description,
        "place": _place(node.position),
        "fields": [{"name": one.name, "type": one.type_text, "default": one.default} for one in node.fields],
        "answer": f"list[{node.view}]" if node.view and node.is_many else node.view or "",
        "producers": producers,
        "handlers": handlers,
    }


def _component(
    node: ComponentNode, domains: Mapping[str, str], relations: Mapping[str, list[CatalogRelation]]
) -> CatalogComponent:
    return {
        "name": node.name,
        "kind": str(node.kind),
        "domain": domains.get(node.name, ""),
        "description": node.description,
        "place": _place(node.position),
        "state": node.state or "",
        "tables": list(node.read_models),
        "handlers": [_handler(one, relations.get(one.id, [])) for one in node.handlers],
    }


def _handler(node: HandlerNode, relations: list[CatalogRelation]) -> CatalogHandler:
    return {
        "id": node.id,
        "name": node.name,
        "kind": str(node.kind),
        "handles": node.handles or "",
        "description": node.description,
        "place": _place(node.position),
        "relations": relations,
    }


def _place(position: Position | None) -> str:
    if position is None:
        return ""
    if "ipykernel" in position.path or position.path.startswith("<"):
        return f"this notebook, line {position.line}"
    cell = f", cell {position.cell}" if position.cell else ""
    return f"{position.path.rsplit('/', 1)[-1]}{cell}, line {position.line}"
