"""Reading expressions: which values each may have."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from recq_nb.flow.reading.annotations import generic
from recq_nb.flow.reading.facts import Fact, FactKind
from recq_nb.flow.reading.function_shape import is_generator, local_names
from recq_nb.flow.reading.library import unbound
from recq_nb.flow.reading.values import (
    NOTHING,
    STATE_PART,
    UNKNOWN,
    Atom,
    ClassRef,
    Constant,
    Entries,
    Frame,
    FunctionDefinition,
    FunctionRef,
    Generic,
    Instance,
    Items,
    Library,
    Pair,
    Reply,
    StatePart,
    TableRef,
    Unknown,
    Value,
    join,
    only,
)
from recq_nb.flow.reading.workspace import Workspace
from recq_nb.flow.sources.source import Position

N = TypeVar("N", bound=ast.expr)
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Expressions(ABC):
    """Reads expressions; calls, attributes and binding are read by its children."""

    def __init__(self) -> None:
        self.work = Workspace()
        self._readers: dict[type[ast.expr], Callable[..., Value]] = {
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Constant: self._constant,
            ast.Call: self._call,
            ast.Await: self._await,
            ast.IfExp: self._conditional,
            ast.BoolOp: self._bool_operation,
            ast.BinOp: self._binary_operation,
            ast.Lambda: self._lambda,
            ast.List: self._list,
            ast.Set: self._list,
            ast.Tuple: self._tuple,
            ast.Dict: self._dict,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._dict_comprehension,
            ast.Subscript: self._subscript,
            ast.NamedExpr: self._named,
            ast.Yield: self._yield,
            ast.YieldFrom: self._yield_from,
            ast.Starred: lambda node, frame: self.read(node.value, frame),
        }

    @abstractmethod
    def _call(self, node: ast.Call, frame: Frame) -> Value: ...

    @abstractmethod
    def attribute(self, value: Value, name: str, node: ast.AST, frame: Frame) -> Value:
        """What an attribute of a value may be."""

    @abstractmethod
    def bind_target(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Assign a value to a target."""

    @abstractmethod
    def call_function(self, function: Value, positional: Sequence[Value], node: ast.AST, frame: Frame) -> Value:
        """What calling a value gives."""

    @abstractmethod
    def narrow(self, test: ast.expr, frame: Frame, *, holds: bool) -> None:
        """What names may still mean once a test is known to hold, or not to."""

    def read(self, node: ast.expr, frame: Frame) -> Value:
        """Which values an expression may have."""
        reader = self._readers.get(type(node))
        if reader is not None:
            return reader(node, frame)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.read(child, frame)
        return UNKNOWN

    def position(self, node: ast.AST, frame: Frame) -> Position:
        """Where something stands."""
        return frame.source.position(node)

    def note(self, kind: FactKind, subject: str, node: ast.AST, frame: Frame) -> None:
        """Remember a fact about the handler being read."""
        self.work.facts.add(Fact(kind, subject, self.position(node, frame), frame.function))

    def _name(self, node: ast.Name, frame: Frame) -> Value:
        return self.name(node.id, frame)

    def name(self, name: str, frame: Frame) -> Value:
        """What a name may mean here."""
        found = frame.lookup(name)
        if found is not None:
            return found
        outside = unbound(name, lends_names=frame.source.has_magics)
        return only(outside) if outside is not None else UNKNOWN

    def _attribute(self, node: ast.Attribute, frame: Frame) -> Value:
        return self.attribute(self.read(node.value, frame), node.attr, node, frame)

    def _constant(self, node: ast.Constant, _: Frame) -> Value:
        value = node.value
        if value is None or isinstance(value, str | int):
            return only(Constant(value))
        return only(Library("builtins.Ellipsis" if value is ... else "builtins.float()"))

    def _await(self, node: ast.Await, frame: Frame) -> Value:
        value = self.read(node.value, frame)
        return join(atom.answer if isinstance(atom, Reply) else only(atom) for atom in value)

    def _optional(self, node: ast.expr, frame: Frame, test: ast.expr | None, *, holds: bool) -> Value:
        """An operand that may not be read at all: what it does to names is only possible."""
        before = dict(frame.names) if frame.names is not None else None
        if test is not None:
            self.narrow(test, frame, holds=holds)
        value = self.read(node, frame)
        if frame.names is None:
            value = NOTHING
        walrus = {one.target.id for one in ast.walk(node) if isinstance(one, ast.NamedExpr)}
        if before is not None and frame.names is not None:
            before |= {name: before.get(name, NOTHING) | frame.names.get(name, NOTHING) for name in walrus}
        frame.names = before
        return value

    def _conditional(self, node: ast.IfExp, frame: Frame) -> Value:
        self.read(node.test, frame)
        return self._optional(node.body, frame, node.test, holds=True) | self._optional(
            node.orelse, frame, node.test, holds=False
        )

    def _bool_operation(self, node: ast.BoolOp, frame: Frame) -> Value:
        values = [self.read(node.values[0], frame)]
        holds = isinstance(node.op, ast.And)
        values += [self._optional(value, frame, node.values[0], holds=holds) for value in node.values[1:]]
        if holds:  # the first operand is the result only where it is false
            values[0] = frozenset(atom for atom in values[0] if isinstance(atom, Constant) and not atom.value)
        return join(values)

    def _binary_operation(self, node: ast.BinOp, frame: Frame) -> Value:
        both = self.read(node.left, frame) | self.read(node.right, frame)
        if not isinstance(node.op, ast.Add | ast.BitOr | ast.Mult | ast.Sub | ast.BitAnd):
            return only(Library("builtins.float()"))
        kept = frozenset(atom for atom in both if not isinstance(atom, Library | StatePart) or _is_type(atom))
        if any(isinstance(atom, Constant) and atom.value is not None for atom in kept):
            kept = frozenset(atom for atom in kept if not isinstance(atom, Constant))
        opened = frozenset(self.work.opened(kept))
        if any(isinstance(atom, Pair) for atom in opened):
            return self.work.items(self.iterate(kept))
        return kept or only(Library("builtins.float()"))

    def _lambda(self, node: ast.Lambda, frame: Frame) -> Value:
        return only(FunctionRef(self.define_function("<lambda>", node, frame)))

    def define_function(
        self, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, frame: Frame
    ) -> FunctionDefinition:
        """The function a statement or lambda makes; defaults and decorators are read here, its body when called."""
        arguments = node.args
        for default in [*arguments.defaults, *(given for given in arguments.kw_defaults if given is not None)]:
            self.read(default, frame)
        decorators = () if isinstance(node, ast.Lambda) else node.decorator_list
        in_class = frame.owner is not None
        enclosing = frame.parent if in_class and frame.parent is not None else frame
        return FunctionDefinition(
            name,
            node,
            frame.source,
            enclosing,
            frame.owner,
            tuple(self.read(decorator, frame) for decorator in decorators),
            is_generator(node),
            local_names(node),
        )

    def _elements(self, nodes: Sequence[ast.expr], frame: Frame) -> Value:
        return join(
            self.iterate(self.read(node.value, frame)) if isinstance(node, ast.Starred) else self.read(node, frame)
            for node in nodes
        )

    def _list(self, node: ast.List | ast.Set, frame: Frame) -> Value:
        return self.work.allocate(node, Items(self._elements(node.elts, frame)))

    def _tuple(self, node: ast.Tuple, frame: Frame) -> Value:
        if any(isinstance(element, ast.Starred) for element in node.elts):
            return self.work.items(self._elements(node.elts, frame))
        return self.work.pair(tuple(self.read(element, frame) for element in node.elts))

    def _dict(self, node: ast.Dict, frame: Frame) -> Value:
        entries: list[tuple[Atom | None, Value]] = []
        for key, element in zip(node.keys, node.values, strict=True):
            value = self.read(element, frame)
            if key is None:
                entries += [entry for atom in self.work.opened(value) for entry in self._entries(atom)]
            else:
                entries.append((_single(self.read(key, frame)), value))
        return self.work.allocate(node, Entries(tuple(entries)))

    def _entries(self, atom: Atom) -> tuple[tuple[Atom | None, Value], ...]:
        return atom.entries if isinstance(atom, Entries) else ((None, UNKNOWN),)

    def _inner(self, node: Comprehension, frame: Frame) -> Frame:
        """The frame of a comprehension, its loops begun."""
        inner = Frame(
            frame.module,
            frame.source,
            frame,
            function=frame.function,
            receiver=frame.receiver,
        )
        for generator in node.generators:
            self.bind_target(generator.target, self.iterate(self.read(generator.iter, inner)), inner)
            for test in generator.ifs:
                self.read(test, inner)
                self.narrow(test, inner, holds=True)
        return inner

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, frame: Frame) -> Value:
        values = self.read(node.elt, self._inner(node, frame))
        if isinstance(node, ast.GeneratorExp):
            return self.work.items(values)
        return self.work.allocate(node, Items(values))

    def _dict_comprehension(self, node: ast.DictComp, frame: Frame) -> Value:
        inner = self._inner(node, frame)
        key = self.read(node.key, inner)
        return self.work.allocate(node, Entries(((_single(key), self.read(node.value, inner)),)))

    def _named(self, node: ast.NamedExpr, frame: Frame) -> Value:
        value = self.read(node.value, frame)
        self.bind_target(node.target, value, frame)
        return value

    def _yield(self, node: ast.Yield, frame: Frame) -> Value:
        if node.value is not None:
            frame.yielded |= self.read(node.value, frame)
        return UNKNOWN

    def _yield_from(self, node: ast.YieldFrom, frame: Frame) -> Value:
        frame.yielded |= self.iterate(self.read(node.value, frame))
        return UNKNOWN

    def _subscript(self, node: ast.Subscript, frame: Frame) -> Value:
        value = self.read(node.value, frame)
        if isinstance(node.slice, ast.Slice):
            for part in (node.slice.lower, node.slice.upper, node.slice.step):
                if part is not None:
                    self.read(part, frame)
            return join(self.work.items(join(atom.places)) if isinstance(atom, Pair) else only(atom) for atom in value)
        key = self.read(node.slice, frame)
        return join(self.item(atom, key, node, frame) for atom in self.work.opened(value))

    def item(self, atom: Atom, key: Value, node: ast.AST, frame: Frame) -> Value:  # noqa: PLR0911  one per kind of atom
        """What ``atom[key]`` may be."""
        match atom:
            case Items(values):
                return values
            case Pair(places):
                return _place(places, _single(key))
            case Entries(entries):
                return _looked_up(entries, _single(key))
            case StatePart():
                return STATE_PART
            case ClassRef() | Library() if _is_type(atom):
                return generic(atom, key)
            case Instance():
                return self.call_function(self.attribute(only(atom), "__getitem__", node, frame), [key], node, frame)
            case _:
                return UNKNOWN

    def iterate(self, value: Value) -> Value:
        """What a loop over a value may give."""
        return join(map(self._iterated, self.work.opened(value)))

    def _iterated(self, atom: Atom) -> Value:  # noqa: PLR0911  one per kind of atom
        match atom:
            case Items(values):
                return values
            case Pair(places):
                return join(places)
            case Entries(entries):
                return frozenset(Unknown.VALUE if key is None else key for key, _ in entries)
            case StatePart():
                return STATE_PART
            case TableRef(row) if row is not None:
                return only(Instance(row))
            case Reply():
                return NOTHING
            case _:
                return UNKNOWN


def _is_type(atom: Atom) -> bool:
    return isinstance(atom, ClassRef | Generic | Constant) or (isinstance(atom, Library) and "(" not in atom.path)


def _single(value: Value) -> Atom | None:
    """The one thing a value is for sure, if it is usable as a key."""
    return next(iter(value)) if len(value) == 1 and not isinstance(next(iter(value)), Unknown) else None


def _place(places: tuple[Value, ...], key: Atom | None) -> Value:
    if isinstance(key, Constant) and isinstance(key.value, int) and -len(places) <= key.value < len(places):
        return places[key.value]
    return join(places)


def _looked_up(entries: tuple[tuple[Atom | None, Value], ...], key: Atom | None) -> Value:
    exact = [value for known, value in entries if known == key or known is None]
    if isinstance(key, Constant | ClassRef) and exact:
        return join(exact)
    return join(value for _, value in entries) or UNKNOWN
