# ruff: noqa: ARG002  all followed functions are called alike
"""Reading calls of code outside the sources: a few functions are followed, all others are noted and left unknown."""

from __future__ import annotations

import ast
from collections.abc import Callable

from recq_nb.flow.reading.ancestry import payload_kind_of
from recq_nb.flow.reading.arguments import Arguments
from recq_nb.flow.reading.containers import Containers
from recq_nb.flow.reading.facts import FactKind
from recq_nb.flow.reading.library import HARMLESS, NEVER_RETURN, SESSION, library
from recq_nb.flow.reading.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Atom,
    ClassRef,
    Constant,
    Entries,
    Frame,
    Generic,
    Instance,
    Items,
    Library,
    Partial,
    Reply,
    Super,
    Value,
    join,
    only,
)

_SAME = {
    "copy.copy",
    "copy.deepcopy",
    "asyncio.shield",
    "asyncio.create_task",
    "asyncio.ensure_future",
    "asyncio.wait_for",
    "builtins.iter",
    "builtins.aiter",
    "dataclasses.replace",
}
_LISTS = {"list", "set", "frozenset", "tuple", "sorted", "reversed", "deque"}
_SUBMITTERS = {"submit": 0, "to_thread": 0, "run_in_executor": 1, "call_soon": 0, "call_later": 1, "run": 0}

Follow = Callable[[Arguments, ast.AST, Frame], Value]


class LibraryCalls(Containers):
    """Reads calls of code outside the sources."""

    def __init__(self) -> None:
        super().__init__()
        self._followed: dict[str, Follow] = {
            "builtins.super": self._super,
            "builtins.getattr": self._getattr,
            "builtins.setattr": self._setattr,
            "builtins.type": self._type,
            "builtins.map": self._map,
            "itertools.starmap": self._starmap,
            "builtins.filter": lambda given, _, __: self.work.items(self.iterate(given.get(1, "iterable") or NOTHING)),
            "builtins.next": self._next,
            "builtins.anext": self._next,
            "builtins.min": self._choice,
            "builtins.max": self._choice,
            "builtins.enumerate": self._enumerate,
            "builtins.zip": lambda given, _, __: self.work.items(self.work.pair(self._iterated_all(given))),
            "builtins.dict": self._make_dict,
            "itertools.chain": lambda given, _, __: self.work.items(join(self._iterated_all(given))),
            "itertools.chain.from_iterable": lambda given, _, __: self.work.items(
                self.iterate(self.iterate(given.get(0, "iterable") or NOTHING))
            ),
            "asyncio.gather": self._gather,
            "functools.partial": self._partial,
            "typing.cast": self._cast,
        }

    def call_library(self, path: str, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        """What a call of something outside the sources gives."""
        if path in NEVER_RETURN:
            frame.names = None
            return NOTHING
        if path in self._followed:
            return self._followed[path](arguments, node, frame)
        if path in _SAME:
            return self._same(arguments)
        name = path.rpartition(".")[2]
        if path.startswith(("builtins.", "collections.")) and name in _LISTS:
            given = arguments.get(0, "iterable")
            return self.work.allocate(node, Items(self.iterate(given) if given is not None else NOTHING))
        self.note(FactKind.CALL, path, node, frame)
        if name in _SUBMITTERS and len(arguments.positional) > _SUBMITTERS[name] and path != f"{SESSION}.run":
            place = _SUBMITTERS[name]
            return self.call(arguments.positional[place], arguments.after(place + 1), node, frame)
        if path not in HARMLESS:
            self.escape(arguments, node, frame)
        return only(library(f"{path}()"))

    @staticmethod
    def _same(arguments: Arguments) -> Value:
        return arguments.positional[0] if arguments.positional else arguments.everything or UNKNOWN

    def _iterated_all(self, arguments: Arguments) -> tuple[Value, ...]:
        return tuple(self.iterate(value) for value in arguments.positional) + (
            (self.iterate(arguments.more),) if arguments.more is not None else ()
        )

    def _super(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        owner = next((one.function.owner for one in _chain(frame) if one.function is not None), None)
        receiver = next((one.receiver for one in _chain(frame) if one.receiver is not None), None)
        if owner is None or receiver is None:
            return UNKNOWN
        return only(Super(owner, receiver))

    def _getattr(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        names = arguments.get(1, "name") or NOTHING
        value = arguments.get(0, "object") or NOTHING
        default = arguments.get(2, "default") or NOTHING
        found = [
            self.attribute(value, name.value, node, frame)
            if isinstance(name, Constant) and isinstance(name.value, str)
            else UNKNOWN
            for name in names
        ]
        if UNKNOWN in found:
            self.escape(Arguments((value,)), node, frame)
        return join(found) | default

    def _setattr(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        for name in arguments.get(1, "name") or NOTHING:
            for atom in arguments.get(0, "object") or NOTHING:
                if isinstance(atom, Instance) and isinstance(name, Constant) and isinstance(name.value, str):
                    atom.definition.assign(name.value, arguments.get(2, "value") or UNKNOWN)
        return NONE

    def _type(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        given = arguments.get(0, "object") or NOTHING
        return join(only(ClassRef(atom.definition)) if isinstance(atom, Instance) else UNKNOWN for atom in given)

    def _map(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        function, *iterables = arguments.positional or (UNKNOWN,)
        given = tuple(map(self.iterate, iterables))
        return self.work.items(self.call(function, Arguments(given), node, frame))

    def _starmap(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        function, *iterables = arguments.positional or (UNKNOWN,)
        results = []
        for atom in self.iterate(join(iterables)):
            places = getattr(atom, "places", None)
            given = Arguments(places) if isinstance(places, tuple) else Arguments(more=self.iterate(only(atom)))
            results.append(self.call(function, given, node, frame))
        return self.work.items(join(results))

    def _next(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        return self.iterate(arguments.get(0, "iterator") or NOTHING) | (arguments.get(1, "default") or NOTHING)

    def _choice(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        self.escape(Arguments((dict(arguments.named).get("key", NOTHING),)), node, frame)
        given = arguments.positional
        return self.iterate(given[0]) if len(given) == 1 else join(given)

    def _enumerate(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        number = only(Library("builtins.int()"))
        return self.work.items(self.work.pair((number, self.iterate(arguments.get(0, "iterable") or NOTHING))))

    def _make_dict(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        entries: list[tuple[Atom | None, Value]] = [(Constant(key), value) for key, value in arguments.named]
        for atom in self.work.opened(arguments.positional[0] if arguments.positional else NOTHING):
            if isinstance(atom, Entries):
                entries += atom.entries
            else:
                pairs = self.iterate(only(atom))
                entries += [(None, self.item(pair, only(Constant(1)), node, frame)) for pair in pairs]
        return self.work.allocate(node, Entries(tuple(entries)))

    def _gather(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        answers = [_answer(value) for value in arguments.positional]
        if arguments.more is not None:
            return self.work.items(_answer(arguments.more))
        return self.work.pair(tuple(answers))

    def _partial(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        if not arguments.positional or arguments.more is not None:
            self.escape(arguments, node, frame)
            return UNKNOWN
        return only(Partial(arguments.positional[0], arguments.positional[1:], arguments.named))

    def _cast(self, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        value = arguments.get(1, "val") or UNKNOWN
        declared = self.type_of(node.args[0], frame) if isinstance(node, ast.Call) and node.args else UNKNOWN
        concrete = [atom for atom in declared if isinstance(atom, ClassRef | Generic)]
        return join(self.objects_of(frozenset(concrete))) if concrete else value

    def objects_of(self, declared: Value) -> list[Value]:
        """Objects of the classes a type names."""
        return [only(Instance(atom.definition)) if isinstance(atom, ClassRef) else UNKNOWN for atom in declared]

    def answer_of(self, value: Value) -> Value:
        """What queries are answered with."""
        return join(self._view(atom) for atom in value)

    def _view(self, atom: Atom) -> Value:
        if not isinstance(atom, Instance) or payload_kind_of(atom.definition) is None:
            return UNKNOWN
        return self.view_of(atom.definition.bases)

    def view_of(self, bases: tuple[Value, ...]) -> Value:
        """What the ``V`` of a query's ``Query[V]`` base stands for."""
        for base in bases:
            for atom in base:
                if isinstance(atom, Generic) and only(library("recq_nb.Query")) == atom.origin:
                    return join(self._objects(argument) for argument in atom.arguments)
        return UNKNOWN

    def _objects(self, argument: Value) -> Value:
        results = []
        for atom in argument:
            if isinstance(atom, ClassRef):
                results.append(only(Instance(atom.definition)))
            elif isinstance(atom, Generic) and atom.arguments:
                results.append(only(Items(self._objects(atom.arguments[0]))))
        return join(results) or UNKNOWN


def _answer(value: Value) -> Value:
    return join(atom.answer if isinstance(atom, Reply) else only(atom) for atom in value)


def _chain(frame: Frame) -> list[Frame]:
    found: list[Frame] = []
    current: Frame | None = frame
    while current is not None:
        found.append(current)
        current = current.parent
    return found
