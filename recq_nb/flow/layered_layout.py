"""Layered layout: boxes in columns from left to right, edges between their ports, few crossings.

Written here rather than taken from a library, after looking at what is kept: ``grandalf`` rests since 2023 and is
GPL/EPL; ``fast-sugiyama`` and ``graphlay`` are young betas with compiled wheels and know no ports, so that lines
would end at a box instead of at the handler they mean; Graphviz needs a program beside Python. The method is
Sugiyama's: break cycles, layer by longest path, order by barycentres, then move boxes towards their neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Box:
    """Something to place.

    Attributes:
        ports: Height of each port below the box's top; an edge without a port ends at the middle.
        stays_before: It stands left of what it leads to, even in a cycle; the edge into it then runs backward.
    """

    id: str
    width: float
    height: float
    ports: Mapping[str, float] = field(default_factory=dict)
    stays_before: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """An edge between two boxes, or between ports of theirs."""

    source: str
    target: str
    source_port: str | None = None
    target_port: str | None = None


@dataclass(frozen=True, slots=True)
class Spacing:
    """Room between things."""

    between_columns: float = 90
    between_boxes: float = 16
    between_lines: float = 10


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one edge.

    Attributes:
        points: From source to target; in between, where it passes other columns.
        is_backward: It runs from right to left, against the layers.
    """

    points: tuple[tuple[float, float], ...]
    is_backward: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes.

    Attributes:
        places: Top left corner of each box.
        routes: One for each edge, in the order given.
    """

    places: Mapping[str, tuple[float, float]]
    routes: tuple[Route, ...]
    width: float
    height: float


@dataclass(slots=True)
class _Slot:
    """A box, or the place where a long edge passes a column."""

    id: str
    width: float
    height: float
    top: float = 0.0
    before: list[tuple[_Slot, float, float]] = field(default_factory=list)
    after: list[tuple[_Slot, float, float]] = field(default_factory=list)


def layered_layout(
    boxes: Sequence[Box],
    lines: Sequence[Line],
    spacing: Spacing | None = None,
    columns: Mapping[str, int] | None = None,
) -> Layout:
    """Place boxes so that edges run from left to right where the graph allows it. Deterministic.

    Args:
        boxes: With unique ids; their order breaks ties.
        lines: Between boxes of these ids; several between two boxes are fine.
        spacing: Room between things.
        columns: The column of each box, counted from the left; found from the edges when None.
    """
    return _Layering(boxes, lines, spacing or Spacing()).layout(columns)


class _Layering:
    def __init__(self, boxes: Sequence[Box], lines: Sequence[Line], spacing: Spacing) -> None:
        self._boxes = {box.id: box for box in boxes}
        self._lines = lines
        self._spacing = spacing
        self._columns: list[list[_Slot]] = []
        self._slots: dict[str, _Slot] = {}
        self._passed: dict[int, list[_Slot]] = {}

    def layout(self, columns: Mapping[str, int] | None) -> Layout:
        layers = columns if columns is not None else self._layers(self._backward())
        self._fill(layers)
        self._order()
        self._straighten()
        return self._result(layers)

    def _backward(self) -> set[tuple[str, str]]:
        """Pairs whose edges run backward, so that the others close no cycle."""
        following: dict[str, list[str]] = {box: [] for box in self._boxes}
        for line in self._lines:
            if line.source != line.target and line.target not in following[line.source]:
                following[line.source].append(line.target)
        turned: set[tuple[str, str]] = set()
        while (found := self._cycle_edge(following)) is not None:
            source, target = found
            following[source].remove(target)
            turned.add(found)
        return turned

    def _cycle_edge(self, following: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
        """The edge to turn in the first cycle, looked for depth first from boxes nothing leads to."""
        reached = {target for targets in following.values() for target in targets}
        done: set[str] = set()
        for start in sorted(self._boxes, key=lambda box: box in reached):
            path = [(start, iter(following[start]))] if start not in done else []
            while path:
                box, rest = path[-1]
                target = next(rest, None)
                if target is None:
                    done.add(box)
                    path.pop()
                elif any(target == passed for passed, _ in path):
                    if self._boxes[box].stays_before and len(path) > 1:
                        return path[-2][0], box
                    return box, target
                elif target not in done:
                    path.append((target, iter(following[target])))
        return None

    def _layers(self, backward: set[tuple[str, str]]) -> dict[str, int]:
        """Longest path from the left; boxes nothing leads to stand right before what they lead to."""
        pairs: set[tuple[str, str]] = set()
        for line in self._lines:
            pair = (line.source, line.target)
            if line.source != line.target:
                pairs.add((pair[1], pair[0]) if pair in backward else pair)
        layers = dict.fromkeys(self._boxes, 0)
        for _ in self._boxes:
            moved = [(source, target) for source, target in pairs if layers[target] <= layers[source]]
            if not moved:
                break
            for source, target in sorted(moved):
                layers[target] = max(layers[target], layers[source] + 1)
        targets = {target for _, target in pairs}
        for box in self._boxes:
            following = [layers[target] for source, target in pairs if source == box]
            if box not in targets and following:
                layers[box] = min(following) - 1
        tied = {box for pair in pairs for box in pair}
        last = max(layers.values(), default=0)
        return {box: layer if box in tied else last for box, layer in layers.items()}

    def _fill(self, layers: Mapping[str, int]) -> None:
        self._columns = [[] for _ in range(max(layers.values(), default=-1) + 1)]
        for box in self._boxes.values():
            slot = self._slots[box.id] = _Slot(box.id, box.width, box.height)
            self._columns[layers[box.id]].append(slot)
        for number, line in enumerate(self._lines):
            if layers[line.source] == layers[line.target]:
                continue
            ends = [(line.source, line.source_port), (line.target, line.target_port)]
            if layers[line.source] > layers[line.target]:
                ends.reverse()
            (left, left_port), (right, right_port) = ends
            chain = [self._slots[left]]
            for column in range(layers[left] + 1, layers[right]):
                chain.append(_Slot(f"{number}@{column}", 0, 0))
                self._columns[column].append(chain[-1])
            self._passed[number] = chain[1:]
            chain.append(self._slots[right])
            for place, (one, other) in enumerate(pairwise(chain)):
                start = self._port(left, left_port) if place == 0 else 0.0
                end = self._port(right, right_port) if place == len(chain) - 2 else 0.0
                one.after.append((other, start, end))
                other.before.append((one, end, start))

    def _port(self, box: str, port: str | None) -> float:
        known = self._boxes[box]
        return known.ports.get(port, known.height / 2) if port is not None else known.height / 2

    def _gap(self, one: _Slot, other: _Slot) -> float:
        boxes = bool(one.height) and bool(other.height)
        return self._spacing.between_boxes if boxes else self._spacing.between_lines

    def _stack(self, column: list[_Slot]) -> None:
        top = 0.0
        for place, slot in enumerate(column):
            if place:
                top += self._gap(column[place - 1], slot)
            slot.top = top
            top += slot.height

    def _order(self) -> None:
        """Barycentre sweeps, keeping the order with the fewest crossings."""
        for column in self._columns:
            self._stack(column)
        best, fewest = [list(column) for column in self._columns], self._crossings()
        for sweep in range(_SWEEPS):
            forward = sweep % 2 == 0
            for column in self._columns if forward else reversed(self._columns):
                wanted = {slot.id: _wanted(slot, forward=forward) for slot in column}
                column.sort(key=lambda slot: wanted[slot.id])
                self._stack(column)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(column) for column in self._columns], crossings
        self._columns = best
        for column in self._columns:
            self._stack(column)

    def _crossings(self) -> int:
        total = 0
        for column in self._columns:
            ends = [(slot.top + start, other.top + end) for slot in column for other, start, end in slot.after]
            total += sum(
                (a < c and b > d) or (a > c and b < d)
                for place, (a, b) in enumerate(ends)
                for c, d in ends[place + 1 :]
            )
        return total

    def _straighten(self) -> None:
        """Move every column towards its neighbours, order and gaps kept."""
        for sweep in range(2 * _SWEEPS):
            forward = sweep % 2 == 0
            for column in self._columns if forward else reversed(self._columns):
                self._settle(column, [_wanted(slot, forward=None if sweep > _SWEEPS else forward) for slot in column])
        lowest = min((slot.top for column in self._columns for slot in column), default=0.0)
        for column in self._columns:
            for slot in column:
                slot.top -= lowest

    def _settle(self, column: list[_Slot], wanted: list[float]) -> None:
        """The tops nearest to what is wanted that keep order and gaps: neighbours that collide share their mean."""
        offsets, offset = [], 0.0
        for place, slot in enumerate(column):
            if place:
                offset += column[place - 1].height + self._gap(column[place - 1], slot)
            offsets.append(offset)
        groups: list[tuple[float, int]] = []
        for target, shift in zip(wanted, offsets, strict=True):
            mean, size = target - shift, 1
            while groups and groups[-1][0] > mean:
                before, count = groups.pop()
                mean, size = (before * count + mean * size) / (count + size), count + size
            groups.append((mean, size))
        settled = [mean for mean, size in groups for _ in range(size)]
        for slot, base, shift in zip(column, settled, offsets, strict=True):
            slot.top = base + shift

    def _result(self, layers: Mapping[str, int]) -> Layout:
        lefts, left = [], 0.0
        widths = [max((slot.width for slot in column), default=0.0) for column in self._columns]
        for width in widths:
            lefts.append(left)
            left += width + self._spacing.between_columns
        places = {
            box: (lefts[layers[box]] + (widths[layers[box]] - self._boxes[box].width) / 2, slot.top)
            for box, slot in self._slots.items()
        }
        routes = tuple(self._route(number, layers, places, lefts, widths) for number in range(len(self._lines)))
        height = max((slot.top + slot.height for column in self._columns for slot in column), default=0.0)
        return Layout(places, routes, max(left - self._spacing.between_columns, 0.0), height)

    def _route(
        self,
        number: int,
        layers: Mapping[str, int],
        places: Mapping[str, tuple[float, float]],
        lefts: Sequence[float],
        widths: Sequence[float],
    ) -> Route:
        line = self._lines[number]
        backward = layers[line.source] >= layers[line.target]
        source, target = self._boxes[line.source], self._boxes[line.target]
        start_x, start_top = places[source.id]
        end_x, end_top = places[target.id]
        start = (start_x + (0 if backward else source.width), start_top + self._port(source.id, line.source_port))
        end = (end_x + (target.width if backward else 0), end_top + self._port(target.id, line.target_port))
        if layers[source.id] == layers[target.id]:
            return Route((start, (end_x, end[1])), is_backward=True)
        passed = list(self._passed.get(number, ()))
        columns = range(min(layers[source.id], layers[target.id]) + 1, max(layers[source.id], layers[target.id]))
        between: list[tuple[float, float]] = []
        for slot, column in zip(passed, columns, strict=True):
            between += [(lefts[column], slot.top), (lefts[column] + widths[column], slot.top)]
        if backward:
            between.reverse()
        return Route((start, *between, end), backward)


def _wanted(slot: _Slot, *, forward: bool | None) -> float:
    """The top that would make its edges level: towards the left, the right, or both."""
    near = slot.before + slot.after if forward is None else slot.before if forward else slot.after
    tops = [other.top + there - here for other, here, there in near]
    return sum(tops) / len(tops) if tops else slot.top
