"""The application graph as Mermaid text, for READMEs and issue trackers that draw it."""

from __future__ import annotations

from recq_nb.flow.application_graph import ApplicationGraph, EdgeKind
from recq_nb.flow.kind_colours import COMPONENT_COLOURS, PAYLOAD_COLOURS
from recq_nb.modeling.capability import HandlerKind

_ARROWS = {EdgeKind.CONSUMES: "-.->", EdgeKind.SCHEDULES: "-.->"}
_UNSAFE = {'"': "#quot;", "#": "#35;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}


def application_mermaid(graph: ApplicationGraph, *, event_sourcing: bool = False) -> str:
    """A Mermaid flowchart: a subgraph for each component, payloads between them. All text is escaped.

    Args:
        graph: What to draw.
        event_sourcing: Show event-sourcing handlers too.
    """
    ids = _ids(graph)
    hidden = {
        handler.id
        for handler in graph.handler_by_id.values()
        if handler.kind is HandlerKind.EVENT_SOURCING and not event_sourcing
    }
    lines = ["flowchart LR"]
    lines += [f'  {ids[one.name]}(["{_text(one.name)}"]):::{_class(one.kind)}' for one in graph.payloads]
    for component in graph.components:
        lines.append(f'  subgraph {ids[component.name]}["{_text(component.name)}"]')
        shown = [handler for handler in component.handlers if handler.id not in hidden]
        lines += [f'    {ids[handler.id]}["{_text(handler.name)}"]' for handler in shown]
        lines += ["  end", f"  class {ids[component.name]} {_class(component.kind)}"]
    for edge in graph.edges:
        known = edge.source in ids and edge.target in ids and not {edge.source, edge.target} & hidden
        if known:
            lines.append(f"  {ids[edge.source]} {_ARROWS.get(edge.kind, '-->')} {ids[edge.target]}")
    used = {_class(one.kind) for one in graph.payloads} | {_class(one.kind) for one in graph.components}
    colours = {_class(kind): colour for kind, colour in [*PAYLOAD_COLOURS.items(), *COMPONENT_COLOURS.items()]}
    lines += [f"  classDef {name} stroke:{colours[name]},stroke-width:2px" for name in sorted(used)]
    return "\n".join(lines) + "\n"


def _ids(graph: ApplicationGraph) -> dict[str, str]:
    """Short ids, as names may hold anything Mermaid reads as its own."""
    ids = {payload.name: f"p{number}" for number, payload in enumerate(graph.payloads)}
    for number, component in enumerate(graph.components):
        ids[component.name] = f"c{number}"
        ids |= {handler.id: f"c{number}h{place}" for place, handler in enumerate(component.handlers)}
    return ids


def _class(kind: str) -> str:
    return kind.replace(" ", "_")


def _text(text: str) -> str:
    return "".join(_UNSAFE.get(character, character) for character in " ".join(text.split()))
