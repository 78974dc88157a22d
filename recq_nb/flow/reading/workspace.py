"""Workspace: what one reading keeps while it runs: containers that change, facts found, calls being followed."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from recq_nb.flow.reading.facts import Facts
from recq_nb.flow.reading.values import (
    NOTHING,
    UNKNOWN,
    Atom,
    Entries,
    FunctionDefinition,
    Heap,
    Items,
    Names,
    Pair,
    Partial,
    Reply,
    Returns,
    Value,
    only,
)
from recq_nb.flow.sources.source import Position

MOST_CALLS = 4000
DEEPEST_CALL = 14
DEEPEST_NESTING = 4
"""Immutable containers nested deeper than this are not followed."""


@dataclass(slots=True)
class Loop:
    """A loop being read: what names may mean where it is left, and where its next round begins."""

    left: list[Names] = field(default_factory=list)
    begun: list[Names] = field(default_factory=list)


@dataclass(slots=True)
class Workspace:
    """The mutable part of a reading.

    Attributes:
        facts: Where facts about the handler being read go.
        calls: The calls being followed, outermost first.
        guards: Broad ``except`` clauses around the place being read, outermost first; None for one that lets
            everything through.
        loops: Loops around the place being read.
        contents: What the containers on the heap hold.
        changes: Grows whenever a container on the heap does.
        deepest: Calls nested deeper than this are not followed; few while modules run, where only names matter.
        allowed: Calls that may still be followed, so that reading ends in time whatever the source looks like.
    """

    facts: Facts = field(default_factory=Facts)
    calls: list[tuple[FunctionDefinition, Hashable]] = field(default_factory=list)
    guards: list[Position | None] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    contents: dict[int, Value] = field(default_factory=dict)
    changes: int = 0
    deepest: int = 3
    allowed: int = MOST_CALLS
    _sites: dict[Hashable, int] = field(default_factory=dict)

    @contextmanager
    def recording(self, facts: Facts) -> Iterator[None]:
        """Let facts go somewhere else for a while."""
        before = self.facts, self.deepest, self.allowed
        self.facts, self.deepest, self.allowed = facts, DEEPEST_CALL, MOST_CALLS
        try:
            yield
        finally:
            self.facts, self.deepest, self.allowed = before

    def allocate(self, node: ast.AST, contents: Atom) -> Value:
        """A container made here, in this chain of calls."""
        key = (node, tuple(token for _, token in self.calls))
        site = self._sites.setdefault(key, len(self._sites))
        self.put(site, only(contents))
        return only(Heap(site))

    def put(self, site: int, contents: Value) -> None:
        """Let a container hold this as well."""
        before = self.contents.get(site, NOTHING)
        if not contents <= before:
            self.contents[site] = before | contents
            self.changes += 1

    def opened(self, value: Value) -> Iterator[Atom]:
        """The atoms of a value, containers on the heap replaced by what they hold."""
        for atom in value:
            if isinstance(atom, Heap):
                yield from self.contents.get(atom.site, NOTHING)
            else:
                yield atom

    def inside(self, atom: Atom) -> Iterator[Value]:
        """The values right inside a container or a prepared call."""
        if isinstance(atom, Items):
            yield atom.values
        elif isinstance(atom, Pair):
            yield from atom.places
        elif isinstance(atom, Entries):
            yield atom.values
        elif isinstance(atom, Heap):
            yield from (only(held) for held in self.contents.get(atom.site, NOTHING))
        elif isinstance(atom, Reply):
            yield atom.answer
        elif isinstance(atom, Returns):
            yield atom.value
        elif isinstance(atom, Partial):
            yield from (atom.function, *atom.positional, *(value for _, value in atom.named))

    def reachable(self, value: Value) -> set[Atom]:
        """Every atom of a value and of the containers in it."""
        found: set[Atom] = set()
        waiting = list(value)
        while waiting:
            atom = waiting.pop()
            if atom not in found:
                found.add(atom)
                waiting.extend(inner for held in self.inside(atom) for inner in held)
        return found

    def items(self, values: Value) -> Value:
        """Any number of these; unknown where it nests too deep."""
        return only(Items(values)) if _depth(values) < DEEPEST_NESTING else UNKNOWN

    def pair(self, places: tuple[Value, ...]) -> Value:
        """A tuple of these; unknown where it nests too deep."""
        return only(Pair(places)) if max(map(_depth, places), default=0) < DEEPEST_NESTING else UNKNOWN


def _depth(value: Value) -> int:
    deepest = 0
    for atom in value:
        if isinstance(atom, Items):
            deepest = max(deepest, 1 + _depth(atom.values))
        elif isinstance(atom, Pair):
            deepest = max(deepest, 1 + max(map(_depth, atom.places), default=0))
        elif isinstance(atom, Entries):
            deepest = max(deepest, 1 + _depth(atom.values))
        elif isinstance(atom, Partial):
            deepest = max(deepest, 1 + max(map(_depth, (atom.function, *atom.positional)), default=0))
    return deepest
