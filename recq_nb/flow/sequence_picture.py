"""A sequence diagram as SVG: no browser, no script, readable on light and dark pages."""

from __future__ import annotations

from html import escape

from recq_nb.flow.flow_graph import FlowGraph, MessageKind
from recq_nb.flow.sequence import Arrow, ArrowKind, arrows_of, lifelines_of

_COLUMN, _ROW, _TOP, _SIDE = 190, 34, 62, 96
_COLOURS = {
    MessageKind.COMMAND: "#1e88e5",
    MessageKind.QUERY: "#b28900",
    MessageKind.EVENT: "#f57c00",
    MessageKind.INVOCATION: "#7d828c",
}
_REFUSED = "#e53935"
_STYLE = (
    ".recq-sequence text{font:12px var(--jp-ui-font-family,system-ui,sans-serif);fill:currentColor}"
    ".recq-sequence .name{font-weight:600}"
    ".recq-sequence .line{stroke:currentColor;opacity:.25;stroke-dasharray:2 4}"
    ".recq-sequence .box{fill:currentColor;fill-opacity:.07;stroke:currentColor;stroke-opacity:.35}"
)
MOST = 200
"""Arrows drawn; a longer flow ends with a line that says how many more there are."""


def _shortened(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def to_svg(graph: FlowGraph) -> str:
    """The flow as an SVG picture with a title for screen readers; all text is escaped."""
    arrows = arrows_of(graph)
    if not arrows:
        return _document(420, 60, '<text x="12" y="34">No message yet: send one with recq.send(...).</text>', "no flow")
    drawn, more = arrows[:MOST], len(arrows) - MOST
    places = {name: _SIDE + number * _COLUMN for number, name in enumerate(lifelines_of(drawn))}
    height = _TOP + _ROW * len(drawn) + 30
    parts = [_lifeline(name, x, height - 20) for name, x in places.items()]
    parts += [_arrow(arrow, places, _TOP + _ROW * number + 20) for number, arrow in enumerate(drawn)]
    if more > 0:
        parts.append(f'<text x="12" y="{height - 4}">… and {more} more hops</text>')
    width = 2 * _SIDE + _COLUMN * max(len(places) - 1, 1)
    return _document(width, height, "".join(parts), f"{len(arrows)} hops between {', '.join(places)}")


def _document(width: int, height: int, body: str, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" class="recq-sequence" style="color:var(--jp-ui-font-color1,#6b7280);max-width:100%">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>{body}</svg>"
    )


def _lifeline(name: str, x: int, bottom: int) -> str:
    shown = escape(_shortened(name, 24))
    return (
        f'<line class="line" x1="{x}" y1="46" x2="{x}" y2="{bottom}"/>'
        f'<g><title>{escape(name)}</title><rect class="box" x="{x - 84}" y="14" width="168" height="30" rx="6"/>'
        f'<text class="name" x="{x}" y="34" text-anchor="middle">{shown}</text></g>'
    )


def _arrow(arrow: Arrow, places: dict[str, int], y: int) -> str:
    start, end = places[arrow.source], places[arrow.target]
    colour = _REFUSED if arrow.kind is ArrowKind.REFUSAL else _COLOURS[arrow.message_kind]
    dashes = "" if arrow.kind is ArrowKind.REQUEST else ' stroke-dasharray="6 4"'
    label, title = escape(_shortened(arrow.label, 30)), escape(arrow.label)
    if start == end:
        path = f'<path d="M{start} {y} h34 v12 h-30" fill="none" stroke="{colour}" stroke-width="1.6"{dashes}/>'
        head = f'<path d="M{start + 2} {y + 12} l7 -4 v8 z" fill="{colour}"/>'
        return f'<g><title>{title}</title>{path}{head}<text x="{start + 40}" y="{y + 9}">{label}</text></g>'
    step = 1 if end > start else -1
    line = (
        f'<line x1="{start}" y1="{y}" x2="{end - 6 * step}" y2="{y}" stroke="{colour}" stroke-width="1.6"{dashes}/>'
        f'<path d="M{end} {y} l{-8 * step} -4 v8 z" fill="{colour}"/>'
    )
    middle = start + step * _COLUMN // 2 if abs(end - start) > _COLUMN else (start + end) // 2
    return f'<g><title>{title}</title>{line}<text x="{middle}" y="{y - 6}" text-anchor="middle">{label}</text></g>'
