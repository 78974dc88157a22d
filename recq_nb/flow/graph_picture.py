"""The application graph as SVG: laid out in Python, no browser and no script, legible on light and dark pages.

A wide model has narrower arrangements (see ``Arrangement``), so that it can be read where room is short. Components
are boxes with a row for each handler, payloads lie between them, all inside the frame of their bundle. Every text
stands on a ground of its own, so the picture can be shown on any page, inlined or as an image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from recq_nb.flow.application_graph import ApplicationGraph, ComponentNode, Edge, EdgeKind, HandlerNode, PayloadNode
from recq_nb.flow.edge_curves import LABEL, label_places, path_of
from recq_nb.flow.graph_arrangement import Arrangement, columns_of
from recq_nb.flow.kind_colours import COMPONENT_COLOURS, PAYLOAD_COLOURS
from recq_nb.flow.layered_layout import Box, Layout, Line, Route, Spacing, layered_layout
from recq_nb.modeling.capability import HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind

_MARGIN, _CAPTION, _ROW, _HEAD, _CHIP = 20, 14, 22, 40, 28
_CHARACTER, _LONGEST, _SAID_CHARACTER = 7.3, 44, 6.4
LEGIBLE = 0.834
"""The smallest scale at which a picture can be read: its text has 12 pixels, ten are left."""
NOTEBOOK_ROOM = 860
"""Pixels that a cell's output has beside JupyterLab's side bar on a laptop of 1280."""
_REQUESTS = {PayloadKind.DOMAIN_COMMAND, PayloadKind.SERVICE_COMMAND, PayloadKind.QUERY}
_APART = {"in": -5.0, "out": 5.0}
_DASHED = {EdgeKind.CONSUMES, EdgeKind.SCHEDULES}
_CSS = """
.recq-graph{--recq-ground:var(--jp-layout-color1,#ffffff);--recq-ink:var(--jp-ui-font-color1,#1f2328);
--recq-quiet:var(--jp-ui-font-color2,#59636e);--recq-rule:var(--jp-border-color1,#d0d7de)}
@media (prefers-color-scheme:dark){.recq-graph{--recq-ground:var(--jp-layout-color1,#1c2128);
--recq-ink:var(--jp-ui-font-color1,#e6edf3);--recq-quiet:var(--jp-ui-font-color2,#9da7b1);
--recq-rule:var(--jp-border-color1,#444c56)}}
.recq-graph text{font:12px ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--recq-ink)}
.recq-graph .name{font-weight:600}.recq-graph .kind{font-size:12px;fill:var(--recq-quiet)}
.recq-graph .ground{fill:var(--recq-ground)}.recq-graph .tint{fill-opacity:.14}
.recq-graph .rule{stroke:var(--recq-rule)}.recq-graph .edge{fill:none;stroke-width:1.6;stroke-opacity:.85}
.recq-graph .reach{fill:none;stroke:transparent;stroke-width:11;pointer-events:stroke}
.recq-graph .bundle{fill:var(--recq-ground);stroke:var(--recq-rule);stroke-dasharray:2 4}
.recq-graph .later{stroke-dasharray:5 4}.recq-graph .outline{fill:none;stroke-width:1.5}
.recq-graph .said{text-anchor:middle}.recq-graph .wrong{fill:var(--jp-error-color0,#c62828);font-weight:600}
"""


class Said(NamedTuple):
    """What stands on an edge, and whether something is wrong there."""

    text: str
    is_wrong: bool


class ArrangedPicture(NamedTuple):
    """The graph in one of its arrangements."""

    svg: str
    width: int


def application_svg(
    graph: ApplicationGraph,
    *,
    event_sourcing: bool = False,
    room: float | None = None,
    said: Mapping[tuple[str, str], Said] | None = None,
) -> str:
    """The graph as an SVG document.

    Args:
        graph: What to draw.
        event_sourcing: Show event-sourcing handlers, which fold an aggregate's own events, too.
        room: Pixels there are from left to right: the widest arrangement that can be read there is taken. When None,
            messages flow from left to right, however wide that is.
        said: What stands on edges, by source and target.
    """
    picture = _Picture(graph, event_sourcing=event_sourcing, said=said or {})
    if room is None:
        return picture.arranged(Arrangement.FLOW).svg
    pictures = picture.arrangements()
    return next((one for one in pictures if one.width * LEGIBLE <= room), pictures[-1]).svg


def application_pictures(graph: ApplicationGraph) -> list[ArrangedPicture]:
    """The graph in each arrangement that is narrower than those before it, widest first."""
    return _Picture(graph, event_sourcing=False, said={}).arrangements()


class _Picture:
    def __init__(self, graph: ApplicationGraph, *, event_sourcing: bool, said: Mapping[tuple[str, str], Said]) -> None:
        self._graph = graph
        self._said = said
        self._shown = {
            handler.id
            for handler in graph.handler_by_id.values()
            if event_sourcing or handler.kind is not HandlerKind.EVENT_SOURCING
        }
        self._edges = [edge for edge in graph.edges if self._is_drawn(edge)]

    def _is_drawn(self, edge: Edge) -> bool:
        """What an invocation returns is the answer to its query, which is drawn already."""
        graph = self._graph
        handler = graph.handler_by_id.get(edge.source) or graph.handler_by_id.get(edge.target)
        payload = graph.payload_by_name.get(edge.target) or graph.payload_by_name.get(edge.source)
        if handler is None or payload is None or handler.id not in self._shown:
            return False
        return not (handler.kind is HandlerKind.INVOCATION and edge.kind is EdgeKind.RETURNS)

    def arrangements(self) -> list[ArrangedPicture]:
        found: list[ArrangedPicture] = []
        for arrangement in Arrangement:
            picture = self.arranged(arrangement)
            if not found or picture.width < found[-1].width:
                found.append(picture)
        return found

    def arranged(self, arrangement: Arrangement) -> ArrangedPicture:
        graph = self._graph
        if not graph.components and not graph.payloads:
            return ArrangedPicture(_document(520, 60, _empty(), "an empty application graph"), 520)
        boxes = [*map(self._component_box, graph.components), *map(_payload_box, graph.payloads)]
        columns = columns_of(graph, arrangement)
        lines = [self._line(edge, is_apart=columns is not None) for edge in self._edges]
        layout = layered_layout(boxes, lines, Spacing(between_columns=104), columns)
        parts = [
            *map(self._edge, self._edges, layout.routes, self._labels(boxes, layout)),
            *(self._component(component, layout) for component in graph.components),
            *(self._payload(payload, layout) for payload in graph.payloads),
        ]
        frame = _bundle(layout.width, layout.height, len(graph.components)) if graph.components else ""
        title = f"application graph of {len(graph.components)} components and {len(graph.payloads)} payloads"
        body = f'{frame}<g transform="translate({_MARGIN} {_MARGIN + _CAPTION})">{"".join(parts)}</g>'
        width = layout.width + 2 * _MARGIN
        return ArrangedPicture(_document(width, layout.height + 2 * _MARGIN + _CAPTION, body, title), round(width))

    def _labels(self, boxes: Sequence[Box], layout: Layout) -> list[tuple[float, float] | None]:
        """Beside the handler, unless several edges leave it there."""
        leaving = Counter(edge.source for edge in self._edges if edge.source in self._graph.handler_by_id)
        near_source = [leaving[edge.source] == 1 for edge in self._edges]
        covered = [(*layout.places[box.id], box.width, box.height) for box in boxes]
        return label_places(layout.routes, near_source, covered)

    def _rows(self, component: ComponentNode) -> list[HandlerNode]:
        return [handler for handler in component.handlers if handler.id in self._shown]

    def _component_box(self, component: ComponentNode) -> Box:
        rows = self._rows(component)
        texts = [component.name, *(_row_text(row) for row in rows)]
        middles = {row.id: _HEAD + _ROW * (place + 0.5) for place, row in enumerate(rows)}
        apart = {f"{row} {end}": middle + _APART[end] for row, middle in middles.items() for end in _APART}
        return Box(component.name, _width(texts, 28), _HEAD + _ROW * len(rows) + 6, {**middles, **apart})

    def _line(self, edge: Edge, *, is_apart: bool) -> Line:
        """Where what comes and what goes may meet at one side of a handler, each has a port of its own."""
        source, target = self._graph.handler_by_id.get(edge.source), self._graph.handler_by_id.get(edge.target)
        return Line(
            source.component if source is not None else edge.source,
            target.component if target is not None else edge.target,
            None if source is None else f"{edge.source} out" if is_apart else edge.source,
            None if target is None else f"{edge.target} in" if is_apart else edge.target,
        )

    def _edge(self, edge: Edge, route: Route, label: tuple[float, float] | None) -> str:
        payload = self._graph.payload_by_name.get(edge.source) or self._graph.payload_by_name[edge.target]
        colour = PAYLOAD_COLOURS[payload.kind]
        title = escape(f"{edge.source} {_verb(edge, payload)} {edge.target}")
        place = "" if label is None else f' data-label="{label[0]:.1f} {label[1]:.1f}"'
        path = path_of(route)
        later = " later" if edge.kind in _DASHED else ""
        return (
            f'<g data-source="{escape(edge.source)}" data-target="{escape(edge.target)}" data-edge="{edge.kind}"'
            f'{place}><title>{title}</title><path class="reach" d="{path}"/>'
            f'<path class="edge{later}" stroke="{colour}" d="{path}"/>{_arrowhead(route, colour)}'
            f"{_words(self._said.get((edge.source, edge.target)), label)}</g>"
        )

    def _component(self, component: ComponentNode, layout: Layout) -> str:
        rows = self._rows(component)
        box = self._component_box(component)
        x, y = layout.places[component.name]
        colour = COMPONENT_COLOURS[component.kind]
        lines = [
            f'<g data-node="{escape(component.name)}" transform="translate({x:.1f} {y:.1f})">',
            f"<title>{escape(_component_title(component))}</title>",
            f'<rect class="ground" width="{box.width:.0f}" height="{box.height:.0f}" rx="6"/>',
            f'<path fill="{colour}" class="tint" d="{_head(box.width)}"/>',
            f'<rect class="outline" stroke="{colour}" width="{box.width:.0f}" height="{box.height:.0f}" rx="6"/>',
            f'<text class="name" x="12" y="16">{escape(_shortened(component.name))}</text>',
            f'<text class="kind" x="12" y="30">{escape(str(component.kind))}</text>',
        ]
        for place, row in enumerate(rows):
            middle = _HEAD + _ROW * (place + 0.5)
            lines.append(f'<g data-node="{escape(row.id)}"><title>{escape(_handler_title(row))}</title>')
            lines.append(f'<text x="14" y="{middle + 4:.0f}">{escape(_row_text(row))}</text></g>')
        return "".join([*lines, "</g>"])

    def _payload(self, payload: PayloadNode, layout: Layout) -> str:
        box = _payload_box(payload)
        x, y = layout.places[payload.name]
        colour = PAYLOAD_COLOURS[payload.kind]
        size = f'width="{box.width:.0f}" height="{_CHIP}" rx="{_CHIP // 2}"'
        return (
            f'<g data-node="{escape(payload.name)}" transform="translate({x:.1f} {y:.1f})">'
            f"<title>{escape(_payload_title(payload))}</title>"
            f'<rect class="ground" {size}/><rect class="tint" fill="{colour}" {size}/>'
            f'<rect class="outline" stroke="{colour}" {size}/>'
            f'<circle cx="15" cy="{_CHIP // 2}" r="4.5" fill="{colour}"/>'
            f'<text x="26" y="{_CHIP // 2 + 4}">{escape(_shortened(payload.name))}</text></g>'
        )


def _words(said: Said | None, label: tuple[float, float] | None) -> str:
    if said is None or said.text == "" or label is None:
        return ""
    (x, y), (_, height), width = label, LABEL, len(said.text) * _SAID_CHARACTER + 4
    wrong = " wrong" if said.is_wrong else ""
    return (
        f'<rect class="ground" x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.0f}" rx="3"/>'
        f'<text class="said{wrong}" x="{x:.1f}" y="{y + 4:.1f}">{escape(said.text)}</text>'
    )


def _head(width: float) -> str:
    """The ground of a component's name: round above, straight below."""
    side = _HEAD - 10
    return f"M6 0h{width - 12:.0f}a6 6 0 0 1 6 6v{side}h{-width:.0f}v{-side}a6 6 0 0 1 6 -6z"


def _payload_box(payload: PayloadNode) -> Box:
    """Requests stay left of their one handler, also where what it causes sends them again."""
    return Box(payload.name, _width([payload.name], 42), _CHIP, stays_before=payload.kind in _REQUESTS)


def _width(texts: Iterable[str], more: float) -> float:
    return max(len(_shortened(text)) for text in texts) * _CHARACTER + more


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _row_text(handler: HandlerNode) -> str:
    return _shortened(f"{handler.name} (init)" if handler.init else handler.name)


def _verb(edge: Edge, payload: PayloadNode) -> str:
    incoming = {
        EdgeKind.HANDLES: "is handled by",
        EdgeKind.CONSUMES: "is consumed by",
        EdgeKind.APPLIES: "is applied by",
    }
    return incoming.get(edge.kind, str(edge.kind)) if edge.source == payload.name else str(edge.kind)


def _component_title(component: ComponentNode) -> str:
    return f"{component.kind} {component.name}, {component.position}"


def _handler_title(handler: HandlerNode) -> str:
    return f"@{handler.kind} {handler.id}, {handler.position}"


def _payload_title(payload: PayloadNode) -> str:
    fields = ", ".join(f"{field.name}: {field.type_text}" for field in payload.fields)
    place = f", {payload.position}" if payload.position is not None else ""
    return f"{payload.kind} {payload.name}({fields}){place}"


def _arrowhead(route: Route, colour: str) -> str:
    (before_x, _), (x, y) = route.points[-2:]
    step = -7 if x > before_x or x == before_x else 7
    return f'<path fill="{colour}" d="M{x:.1f} {y:.1f}l{step} -4v8z"/>'


def _bundle(width: float, height: float, components: int) -> str:
    """The frame around what is deployed together."""
    size = f'width="{width + 2 * _MARGIN - 8:.0f}" height="{height + 2 * _MARGIN + _CAPTION - 8:.0f}"'
    caption = f"bundle of {components} component{'' if components == 1 else 's'}"
    return (
        f'<g data-bundle=""><rect class="bundle" x="4" y="4" {size} rx="10"/>'
        f'<text class="kind" x="{_MARGIN - 4}" y="{_MARGIN + 2}">{caption}</text></g>'
    )


def _empty() -> str:
    return (
        '<rect class="ground" width="520" height="60" rx="6"/><text x="16" y="34">No component yet: define one.</text>'
    )


def _document(width: float, height: float, body: str, title: str) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="recq-graph" role="img" {size} '
        f'style="max-width:100%;height:auto">'
        f"<title>{escape(title)}</title><style>{_CSS}</style>{body}</svg>"
    )
