"""Reading tests and patterns: what names may still mean once one is known to hold."""

from __future__ import annotations

import ast
from abc import abstractmethod

from recq_nb.flow.reading.library_calls import LibraryCalls
from recq_nb.flow.reading.values import (
    NONE,
    UNKNOWN,
    Atom,
    ClassRef,
    Constant,
    Frame,
    Instance,
    Pair,
    Value,
    join,
    only,
    unsure,
)


class Narrowing(LibraryCalls):
    """Reads tests and patterns."""

    def bind_pattern(self, pattern: ast.pattern, value: Value, frame: Frame) -> Value:  # noqa: C901  one per kind of pattern
        """Bind the names of a pattern; what the subject is where it matches."""
        match pattern:
            case ast.MatchAs(pattern=None, name=name):
                matched = value
            case ast.MatchAs(pattern=inner, name=name) if inner is not None:
                matched = self.bind_pattern(inner, value, frame)
            case ast.MatchOr(patterns=patterns):
                return join(self.bind_pattern(one, value, frame) for one in patterns)
            case ast.MatchClass(cls=cls):
                matched, name = self.instances_of(value, self.read(cls, frame)), None
                for attribute, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
                    self.bind_pattern(inner, self.attribute(matched, attribute, cls, frame), frame)
                for inner in pattern.patterns:
                    self.bind_pattern(inner, UNKNOWN, frame)
            case ast.MatchSequence(patterns=patterns):
                for inner in patterns:
                    self.bind_pattern(inner, self.iterate(value), frame)
                matched, name = value, None
            case ast.MatchStar(name=name):
                matched = self.work.items(value)
            case _:
                matched, name = value, None
        if name is not None:
            frame.bind(name, matched)
        return matched

    def instances_of(self, value: Value, classes: Value) -> Value:
        """The part of a value that is an instance of these classes; what is unknown becomes one of them."""
        wanted = [atom for atom in self.alternatives(classes) if isinstance(atom, ClassRef)]
        kept: Value = frozenset(
            atom for atom in value if isinstance(atom, Instance) and any(self.is_a(atom, cls) for cls in wanted)
        )
        if unsure(value):
            kept |= join(
                UNKNOWN if self.is_subclassed(cls.definition) else only(Instance(cls.definition)) for cls in wanted
            )
        return kept if wanted else value

    def alternatives(self, value: Value) -> Value:
        """The members of the tuples in a value, and what is no tuple."""
        return join(join(atom.places) if isinstance(atom, Pair) else only(atom) for atom in value)

    @abstractmethod
    def is_a(self, instance: Instance, cls: ClassRef) -> bool:
        """Whether an instance's class is or derives from another."""

    def narrow(self, test: ast.expr, frame: Frame, *, holds: bool) -> None:
        """What names may still mean once a test is known to hold, or not to."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.narrow(operand, frame, holds=not holds)
            case ast.BoolOp(op=ast.And(), values=values) if holds:
                for value in values:
                    self.narrow(value, frame, holds=True)
            case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), classes]):
                known = self.name(name, frame)
                instances = self.instances_of(known, self.read(classes, frame))
                frame.bind(name, instances if holds else known - instances)
            case ast.Compare(
                left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(None)]
            ):
                frame.bind(name, _none_or_not(self.name(name, frame), is_none=isinstance(op, ast.Is) == holds))
            case ast.Name(id=name) if holds and name in (frame.names or {}):
                frame.bind(name, frozenset(atom for atom in self.name(name, frame) if not _is_false(atom)))
            case _:
                pass


def _none_or_not(value: Value, *, is_none: bool) -> Value:
    if not is_none:
        return value - NONE
    return value & NONE if value >= NONE else value


def _is_false(atom: Atom) -> bool:
    return isinstance(atom, Constant) and not atom.value
