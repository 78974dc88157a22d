"""A sequence diagram as SVG: no browser, no script, legible on light and dark pages.

It looks as the live one does: senders left, gateway and event store in the middle, consumers right, time downwards.
Ground and ink come from the page where it has JupyterLab's variables and go together where it has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from itertools import combinations, pairwise

from recq_nb.flow.flow_graph import FlowGraph, milliseconds, short_duration
from recq_nb.flow.kind_colours import INVOCATION_COLOUR, PAYLOAD_COLOURS
from recq_nb.flow.sequence import GATEWAY, OUTSIDE, STORE, Arrow, ArrowKind
from recq_nb.flow.sequence_bars import Bar, bars_of
from recq_nb.flow.sequence_rows import Gap, Group, Row, hops_of, rows_of
from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.payload_definition import PayloadKind

_ROW, _HEAD, _FOOT, _CLOCK = 30, 62, 32, 70
_SIDE, _BEYOND = 62, 6
_LEAST_LANE, _MOST_LANE, _ROOM = 72, 170, 836
_LEADING, _MOST_LINES, _MOST_WORDS = 13, 3, 12
_CHARACTER, _SMALL_CHARACTER, _NARROW, _LONGEST = 7.4, 6.8, 90, 44
_IN_SECONDS = 10_000_000_000
"""Nanoseconds from which on the time axis counts seconds."""
_FAILED = "#d32f2f"
_BY_KIND = {
    ComponentKind.INVOKER: 1,
    ComponentKind.SERVICE: 2,
    ComponentKind.AGGREGATE: 4,
    ComponentKind.PROJECTOR: 6,
    ComponentKind.PROJECTION: 7,
    ComponentKind.SAGA: 8,
    ComponentKind.OBSERVER: 9,
}
_FIXED = {OUTSIDE: 0, GATEWAY: 3, STORE: 5}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<= )")
_STYLE = """
.recq-sequence{--recq-ground:var(--jp-layout-color1,#ffffff);--recq-ink:var(--jp-ui-font-color1,#1f2328);
--recq-quiet:var(--jp-ui-font-color2,#59636e);--recq-rule:var(--jp-border-color2,#d0d7de)}
@media (prefers-color-scheme:dark){.recq-sequence{--recq-ground:var(--jp-layout-color1,#1c2128);
--recq-ink:var(--jp-ui-font-color1,#e6edf3);--recq-quiet:var(--jp-ui-font-color2,#9da7b1);
--recq-rule:var(--jp-border-color2,#444c56)}}
.recq-sequence text{font:12px var(--jp-ui-font-family,system-ui,sans-serif);fill:var(--recq-ink);
paint-order:stroke;stroke:var(--recq-ground);stroke-width:3px;stroke-linejoin:round}
.recq-sequence .name{font-weight:600}.recq-sequence .narrow{font-size:11px}
.recq-sequence .quiet{font-size:11px;fill:var(--recq-quiet)}
.recq-sequence .ground{fill:var(--recq-ground)}
.recq-sequence .lane{stroke:var(--recq-rule)}
.recq-sequence .line{fill:none;stroke:currentColor;stroke-width:1.6}
.recq-sequence .event .line{stroke-dasharray:6 4}
.recq-sequence .reply .line,.recq-sequence .failure .line{stroke-dasharray:2 3}
.recq-sequence .bar{fill:currentColor;fill-opacity:.3;stroke:currentColor}
.recq-sequence .head{fill:currentColor}
.recq-sequence .open{fill:none;stroke:currentColor;stroke-width:1.6}
"""


def to_html(graph: FlowGraph) -> str:
    """The picture for a page: a wide one can be scrolled instead of shrinking."""
    return f'<div style="overflow-x:auto;max-width:100%">{to_svg(graph)}</div>'


def to_svg(graph: FlowGraph) -> str:
    """The flow as an SVG picture with a title and a text twin for screen readers; all text is escaped.

    The same steps give the same picture. More than 200 hops are folded, see ``rows_of``.
    """
    rows = rows_of(graph)
    if not rows:
        hint = "No message yet. Send one: recq.send(...)"
        return _document(420, 60, f'<text class="quiet" x="16" y="34">{hint}</text>', "Sequence diagram: empty", hint)
    lanes = _Lanes(rows, graph.kinds)
    bottom = _HEAD + _ROW * len(rows) + 6
    start = rows[0].time_ns
    parts = [lanes.drawn(bottom), *(_bar(bar, lanes) for bar in bars_of(rows))]
    parts += [
        f'<g transform="translate(0 {_HEAD + _ROW * number})"{_drawn(row, lanes, start)}</g>'
        for number, row in enumerate(rows)
    ]
    parts.append(_legend(rows, bottom + 21))
    hops = sum(map(hops_of, rows))
    title = f"Sequence diagram of {hops} {'hop' if hops == 1 else 'hops'} between {', '.join(lanes.x)}"
    text = "\n".join(f"{_clock(row, start)} {_spoken(row)}" for row in rows)
    return _document(lanes.width, bottom + _FOOT, "\n".join(parts), title, text)


def _document(width: int, height: int, body: str, title: str, text: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" class="recq-sequence">\n<title>{escape(title)}</title>\n<desc>{escape(text)}</desc>\n'
        f'<style>{_STYLE}</style>\n<rect class="ground" width="{width}" height="{height}"/>\n{body}\n</svg>'
    )


class _Lanes:
    """Where the lifelines stand: only of components that take part, beside gateway and store.

    Attributes:
        x: Of each lifeline, left to right.
        gap: Between two of them.
    """

    def __init__(self, rows: Iterable[Row], kinds: Mapping[str, ComponentKind]) -> None:
        arrows = [arrow for row in rows for arrow in _arrows_in(row)]
        guessed = _guessed(arrows)
        seen = {OUTSIDE, GATEWAY, STORE, *(end for arrow in arrows for end in (arrow.source, arrow.target))}
        self._kinds = {name: kinds.get(name, guessed.get(name)) for name in seen - _FIXED.keys()}
        names = sorted(seen, key=lambda name: (self._place(name), name))
        self.gap = _gap(len(names))
        side = min(_SIDE, self.gap // 2 + _BEYOND)
        self.x = {name: _CLOCK + side + number * self.gap for number, name in enumerate(names)}
        self.width = _CLOCK + 2 * side + (len(names) - 1) * self.gap

    def _place(self, name: str) -> int:
        kind = self._kinds.get(name)
        return _FIXED.get(name, _BY_KIND[kind] if kind is not None else _BY_KIND[ComponentKind.SERVICE])

    def drawn(self, bottom: int) -> str:
        """The lifelines with their heads."""
        return "\n".join(self._lane(name, x, bottom) for name, x in self.x.items())

    def _lane(self, name: str, x: int, bottom: int) -> str:
        is_narrow = self.gap < _NARROW
        most = (self.gap - 4) / _SMALL_CHARACTER if is_narrow else (self.gap - 6) / _CHARACTER
        lines = _name_lines(name, int(most))
        kind = self._kinds.get(name)
        tops = [(20 if len(lines) == 1 else 14) + _LEADING * place for place in range(len(lines))]
        look = "name narrow" if is_narrow else "name"
        texts = [
            f'<text class="{look}" x="{x}" y="{y}" text-anchor="middle">{escape(line)}</text>'
            for line, y in zip(lines, tops, strict=True)
        ]
        if kind is not None:
            texts.append(
                f'<text class="quiet" x="{x}" y="{tops[-1] + _LEADING + 1}" text-anchor="middle">{kind}</text>'
            )
        title = f"<title>{escape(name)}</title>" if lines != (name,) else ""
        return f'<g>{title}<path class="lane" d="M{x} {_HEAD - 6}V{bottom}"/>{"".join(texts)}</g>'


def _arrows_in(row: Row) -> Iterable[Arrow]:
    if isinstance(row, Arrow):
        return (row,)
    return row.arrows if isinstance(row, Group) else ()


def _guessed(arrows: Iterable[Arrow]) -> dict[str, ComponentKind]:
    """Kinds as far as what a component was seen to do tells them."""
    handlers = {
        PayloadKind.DOMAIN_COMMAND: ComponentKind.AGGREGATE,
        PayloadKind.SERVICE_COMMAND: ComponentKind.SERVICE,
        PayloadKind.QUERY: ComponentKind.PROJECTION,
        None: ComponentKind.INVOKER,
    }
    found: dict[str, ComponentKind] = {}
    for arrow in arrows:
        if arrow.kind is ArrowKind.REQUEST and arrow.payload in handlers:
            found[arrow.target] = handlers[arrow.payload]
        elif arrow.source == STORE:
            found.setdefault(arrow.target, ComponentKind.PROJECTOR)
        if arrow.kind is ArrowKind.REQUEST and found.get(arrow.source) is ComponentKind.PROJECTOR:
            found[arrow.source] = ComponentKind.SAGA
    return found


def _gap(lanes: int) -> int:
    """Between lifelines: all in sight as long as they can be read."""
    roomy, tight = (_ROOM - _CLOCK - 2 * _SIDE) // (lanes - 1), (_ROOM - _CLOCK - 2 * _BEYOND) // lanes
    return min(max(roomy if roomy // 2 + _BEYOND >= _SIDE else tight, _LEAST_LANE), _MOST_LANE)


def _name_lines(name: str, most: int) -> tuple[str, ...]:
    """A name in as few of three lines as it fits in, broken between words, else cut."""
    words = _HUMP.split(name)[:_MOST_WORDS]
    shortest = [name]
    for count in range(1, min(_MOST_LINES, len(words)) + 1):
        breaks = ((0, *places, len(words)) for places in combinations(range(1, len(words)), count - 1))
        ways = [["".join(words[start:end]) for start, end in pairwise(places)] for places in breaks]
        shortest = min(ways, key=lambda lines: max(map(len, lines)))
        if max(map(len, shortest)) <= most:
            break
    return tuple(_shortened(line, most) for line in shortest)


def _shortened(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


# -- rows ------------------------------------------------------------------------------------------------------------


def _colour(arrow: Arrow) -> str:
    if arrow.kind is ArrowKind.FAILURE:
        return _FAILED
    return INVOCATION_COLOUR if arrow.payload is None else PAYLOAD_COLOURS[arrow.payload]


def _clock(row: Row, start: int) -> str:
    passed = row.time_ns - start
    return f"{passed / 1e9:.1f} s" if passed >= _IN_SECONDS else milliseconds(passed)


def _drawn(row: Row, lanes: _Lanes, start: int) -> str:
    """A row's attributes and content."""
    clock = f'<text class="quiet" x="8" y="21">{_clock(row, start)}</text>'
    if isinstance(row, Arrow):
        return f' class="{row.kind}" color="{_colour(row)}">{clock}{_arrow(row, lanes)}'
    text, comma, failed = escape(_spoken(row)).partition(", ")
    return f'>{clock}<text x="{_CLOCK + 8}" y="21">{text}<tspan style="fill:{_FAILED}">{comma}{failed}</tspan></text>'


def _edge(lifeline: str) -> int:
    """Half the width of the bars a lifeline may have."""
    return 0 if lifeline in _FIXED else 4


def _bar(bar: Bar, lanes: _Lanes) -> str:
    """A handler at work, on its lifeline; of several at once the later ones stand further right."""
    x, y = lanes.x[bar.arrow.target] - 4 + 5 * min(bar.level, 3), _HEAD + _ROW * bar.first + 21
    height = _ROW * (bar.last - bar.first) + (12 if bar.beyond else 0)
    return (
        f'<rect class="bar" x="{x}" y="{y}" width="8" height="{max(height, 6)}" rx="2" color="{_colour(bar.arrow)}"/>'
    )


def _arrow(arrow: Arrow, lanes: _Lanes) -> str:
    start, end, middle = lanes.x[arrow.source], lanes.x[arrow.target], 21
    label = _shortened(arrow.label, _LONGEST)
    title = f"<title>{escape(arrow.label)}</title>" if label != arrow.label else ""
    if start == end:
        return (
            f'{title}<path class="line" d="M{start} {middle - 8}h26v10h-20"/>{_head(arrow.kind, start, middle + 2, -1)}'
            f'<text x="{start + 32}" y="{middle}">{escape(label)}</text>'
        )
    step = 1 if end > start else -1
    start, end = start + step * _edge(arrow.source), end - step * _edge(arrow.target)
    gateway = lanes.x[GATEWAY]
    passes = arrow.kind is not ArrowKind.EVENT and STORE not in {arrow.source, arrow.target}
    through = f'<circle class="head" cx="{gateway}" cy="{middle}" r="3.5"/>' if passes else ""
    through = through if min(start, end) < gateway < max(start, end) else ""
    half = len(label) * _CHARACTER / 2
    centre = round(min(max((start + end) / 2, _CLOCK + half), lanes.width - 4 - half))
    return (
        f'{title}<path class="line" d="M{start} {middle}H{end - 6 * step}"/>{_head(arrow.kind, end, middle, step)}'
        f'{through}<text x="{centre}" y="{middle - 6}" text-anchor="middle">{escape(label)}</text>'
    )


def _head(kind: ArrowKind, x: int, y: int, step: int) -> str:
    """A request's and an event's head is filled, a reply's is open, a failure's is a cross."""
    if kind is ArrowKind.FAILURE:
        return f'<path class="open" d="M{x - 11 * step} {y - 4}l{8 * step} 8m0 -8l{-8 * step} 8"/>'
    if kind is ArrowKind.REPLY:
        return f'<path class="open" d="M{x - 8 * step} {y - 4}L{x - step} {y}l{-7 * step} 4"/>'
    return f'<path class="head" d="M{x} {y}l{-8 * step} -4v8z"/>'


def _spoken(row: Row) -> str:
    """A row in words."""
    if isinstance(row, Arrow):
        label = " ".join(row.label.split())
        return f"{row.source} → {row.target}: {label}"
    if isinstance(row, Gap):
        return f"… {row.hops:,} more hops"
    failed = f", {row.failed} failed" if row.failed else ""
    took = short_duration(row.duration_ns)
    return f"▸ {_shortened(row.name, 40)} and what it caused: {len(row.arrows)} hops in {took}{failed}"


def _legend(rows: Iterable[Row], y: int) -> str:
    """What the colours and lines mean, of those that occur."""
    arrows = [arrow for row in rows for arrow in _arrows_in(row)]
    kinds = {arrow.payload for arrow in arrows if arrow.payload is not None}
    entries = [
        (f'<circle cx="5" cy="-4" r="4" fill="{PAYLOAD_COLOURS[kind]}"/>', str(kind), 14)
        for kind in PayloadKind
        if kind in kinds
    ]
    drawn = {
        ArrowKind.EVENT: "event, asynchronous",
        ArrowKind.REPLY: "reply",
        ArrowKind.FAILURE: "failure",
    }
    happened = {arrow.kind for arrow in arrows}
    for kind, text in drawn.items():
        if kind in happened:
            colour = _FAILED if kind is ArrowKind.FAILURE else "var(--recq-quiet)"
            line = f'<path class="line" d="M0 -4h20"/>{_head(kind, 28, -4, 1)}'
            entries.append((f'<g class="{kind}" style="color:{colour}">{line}</g>', text, 34))
    parts, x = [], 12
    for mark, text, room in entries:
        parts.append(f'<g transform="translate({x} {y})">{mark}<text class="quiet" x="{room}" y="0">{text}</text></g>')
        x += room + round(len(text) * 6.6) + 18
    return "\n".join(parts)
