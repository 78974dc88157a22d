"""Bars on lifelines: while which component was at work, from the row where that began to the row where it ended."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from recq_nb.flow.sequence import Arrow
from recq_nb.flow.sequence_rows import Row


@dataclass(frozen=True, slots=True)
class Bar:
    """One handler at work.

    Attributes:
        arrow: What it works on; its target is the lifeline.
        first: Number of the row where it begins.
        last: Number of the last row that began before it ended.
        beyond: Whether it ended only after that.
        level: How many bars of the same lifeline began earlier and still go on.
    """

    arrow: Arrow
    first: int
    last: int
    beyond: bool
    level: int


def bars_of(rows: Sequence[Row]) -> list[Bar]:
    """The bars of what is drawn as arrows; what is folded has none."""
    times = [row.time_ns for row in rows]
    busy: dict[str, list[int]] = {}
    found: list[Bar] = []
    for number, row in enumerate(rows):
        if not isinstance(row, Arrow) or row.until_ns is None:
            continue
        last = max(bisect_right(times, row.until_ns) - 1, number)
        levels = busy.setdefault(row.target, [])
        level = next((free for free, end in enumerate(levels) if end < number), len(levels))
        levels[level : level + 1] = [last]
        found.append(Bar(row, number, last, row.until_ns > times[last], level))
    return found
