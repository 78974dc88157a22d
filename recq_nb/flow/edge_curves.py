"""Edges as curves: level where they pass a column, bent between columns; and a place on each for what it carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from recq_nb.flow.layered_layout import Route

Point = tuple[float, float]
LABEL = (86.0, 15.0)
"""Width and height that a label is given room for."""
_NEAR, _SAMPLES, _LOOP = 50.0, 12, 40.0


def path_of(route: Route) -> str:
    """The curve as SVG path data."""
    (x, y), *_ = route.points
    parts = [f"M{x:.1f} {y:.1f}"]
    for _, first, second, (end_x, end_y) in _pieces(route):
        if first is None or second is None:
            parts.append(f"L{end_x:.1f} {end_y:.1f}")
        else:
            parts.append(f"C{first[0]:.1f} {first[1]:.1f} {second[0]:.1f} {second[1]:.1f} {end_x:.1f} {end_y:.1f}")
    return "".join(parts)


def label_places(
    routes: Sequence[Route], from_source: Sequence[bool], boxes: Iterable[tuple[float, float, float, float]]
) -> list[Point | None]:
    """For each edge the middle of its label: on its curve, clear of boxes and of other labels; None without room.

    Args:
        routes: The edges.
        from_source: Whether an edge's label belongs near its source; near its target otherwise.
        boxes: Left, top, width and height of what must not be covered.
    """
    taken = list(boxes)
    places: list[Point | None] = []
    for route, near_source in zip(routes, from_source, strict=True):
        place = next((point for point in _candidates(route, near_source) if _is_free(point, taken)), None)
        places.append(place)
        if place is not None:
            taken.append(_room(place))
    return places


def _pieces(route: Route) -> Iterator[tuple[Point, Point | None, Point | None, Point]]:
    """Start, control points and end of each piece; a straight one has no control points."""
    for place, (start, end) in enumerate(pairwise(route.points)):
        if place % 2 == 1:
            yield start, None, None, end
        elif route.is_backward and start[0] == end[0]:
            yield start, (start[0] - _LOOP, start[1]), (end[0] - _LOOP, end[1]), end
        else:
            middle = (start[0] + end[0]) / 2
            yield start, (middle, start[1]), (middle, end[1]), end


def _points(route: Route) -> list[Point]:
    points = [route.points[0]]
    for start, first, second, end in _pieces(route):
        if first is None or second is None:
            points.append(end)
            continue
        for step in range(1, _SAMPLES + 1):
            t = step / _SAMPLES
            s = 1 - t
            weights = (s**3, 3 * s * s * t, 3 * s * t * t, t**3)
            ends = (start, first, second, end)
            points.append(
                (
                    sum(weight * x for weight, (x, _) in zip(weights, ends, strict=True)),
                    sum(weight * y for weight, (_, y) in zip(weights, ends, strict=True)),
                )
            )
    return points


def _candidates(route: Route, near_source: bool) -> Iterator[Point]:  # noqa: FBT001  which end it is
    """Near the end it belongs to first, then along the curve, the other end last."""
    points = _points(route)
    steps = [((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5 for a, b in pairwise(points)]
    length = sum(steps)
    near = min(_NEAR, length / 2)
    for along in (near, *(length * share for share in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)), length - near):
        yield _at(points, steps, along if near_source else length - along)


def _at(points: Sequence[Point], steps: Sequence[float], along: float) -> Point:
    for (start, end), step in zip(pairwise(points), steps, strict=True):
        if along <= step and step > 0:
            share = along / step
            return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
        along -= step
    return points[-1]


def _room(middle: Point) -> tuple[float, float, float, float]:
    return middle[0] - LABEL[0] / 2, middle[1] - LABEL[1] / 2, *LABEL


def _is_free(middle: Point, taken: Iterable[tuple[float, float, float, float]]) -> bool:
    left, top, width, height = _room(middle)
    return not any(
        left < other_left + other_width
        and other_left < left + width
        and top < other_top + other_height
        and other_top < top + height
        for other_left, other_top, other_width, other_height in taken
    )
