"""Rows of a sequence diagram: one for each hop, or, where there are many, one for each branch of what happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recq_nb.flow.flow_graph import FlowGraph, FlowNode
from recq_nb.flow.sequence import Arrow, ArrowKind, arrows_of_message, in_order

MOST = 200
"""Rows of a picture."""


@dataclass(frozen=True, slots=True)
class Group:
    """A message and all that it caused, folded.

    Attributes:
        time_ns: When it began.
        name: The message.
        arrows: Its hops, in the order they happened.
    """

    time_ns: int
    name: str
    arrows: tuple[Arrow, ...]

    @property
    def failed(self) -> int:
        """How many of its hops are failures."""
        return sum(arrow.kind is ArrowKind.FAILURE for arrow in self.arrows)

    @property
    def duration_ns(self) -> int:
        """From its first hop to its last."""
        return self.arrows[-1].time_ns - self.time_ns


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows that are counted only.

    Attributes:
        time_ns: When the first began.
        hops: How many hops they hold.
    """

    time_ns: int
    hops: int


Row = Arrow | Group | Gap


def rows_of(graph: FlowGraph, most: int = MOST) -> list[Row]:
    """What a picture of at most so many rows shows.

    Where hops are more, each flow is one row; within a single flow, each branch where it first divides. Where even
    those are more, the first and the last are shown and what lies between is counted.
    """
    arrows = in_order(arrow for node in graph.nodes() for arrow in arrows_of_message(node))
    if len(arrows) <= most:
        return list(arrows)
    rows = sorted(_folded(graph.roots), key=lambda row: row.time_ns)
    if len(rows) <= most:
        return rows
    before, after = most // 2, most - most // 2 - 1
    between = rows[before : len(rows) - after]
    return [*rows[:before], Gap(between[0].time_ns, sum(map(hops_of, between))), *rows[len(rows) - after :]]


def hops_of(row: Row) -> int:
    """How many hops a row stands for."""
    if isinstance(row, Gap):
        return row.hops
    return len(row.arrows) if isinstance(row, Group) else 1


def _folded(branches: list[FlowNode]) -> Iterable[Row]:
    while len(branches) == 1:
        yield from arrows_of_message(branches[0])
        branches = branches[0].children
    for branch in branches:
        arrows = in_order(arrow for node in _with_effects(branch) for arrow in arrows_of_message(node))
        if len(arrows) == 1:
            yield arrows[0]
        else:
            yield Group(arrows[0].time_ns, branch.message.name, tuple(arrows))


def _with_effects(node: FlowNode) -> Iterable[FlowNode]:
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.children)
