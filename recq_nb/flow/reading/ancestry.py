"""What a class of the sources is: its ancestors in the order Python looks through them, and its kind."""

from __future__ import annotations

from collections.abc import Iterator

from recq_nb.flow.reading.library import COMPONENT_DECORATORS, HANDLER_DECORATORS, PAYLOAD_BASES, ROOT, without_call
from recq_nb.flow.reading.values import (
    ClassDefinition,
    ClassRef,
    FunctionDefinition,
    FunctionRef,
    Generic,
    Library,
    Value,
)
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind


def ancestors(definition: ClassDefinition) -> tuple[ClassDefinition, ...]:
    """The class and its ancestors among the sources, in Python's method resolution order where there is one."""
    return tuple(_linearised(definition, ()))


def _linearised(definition: ClassDefinition, below: tuple[ClassDefinition, ...]) -> list[ClassDefinition]:
    if definition in below:
        return []
    parents = _parents(definition)
    orders = [_linearised(parent, (*below, definition)) for parent in parents]
    return [definition, *_merged([*orders, parents])]


def _merged(orders: list[list[ClassDefinition]]) -> list[ClassDefinition]:
    """C3: take the first head that no other order still has behind another; any head where that fails."""
    result: list[ClassDefinition] = []
    waiting = [list(order) for order in orders if order]
    while waiting:
        heads = [order[0] for order in waiting]
        taken = next((head for head in heads if not any(head in order[1:] for order in waiting)), heads[0])
        result.append(taken)
        waiting = [kept for order in waiting if (kept := [one for one in order if one is not taken])]
    return result


def _parents(definition: ClassDefinition) -> list[ClassDefinition]:
    found: dict[ClassDefinition, None] = {}
    for base in definition.bases:
        for atom in base:
            origin = atom.origin if isinstance(atom, Generic) else frozenset({atom})
            for one in origin:
                if isinstance(one, ClassRef):
                    found[one.definition] = None
    return list(found)


def library_bases(definition: ClassDefinition) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Paths of all ancestors outside the sources, with what they are subscripted by."""
    for ancestor in ancestors(definition):
        for base in ancestor.bases:
            for atom in base:
                if isinstance(atom, Library):
                    yield atom.path, ()
                elif isinstance(atom, Generic):
                    yield from ((one.path, atom.arguments) for one in atom.origin if isinstance(one, Library))


def derives_from(definition: ClassDefinition, name: str) -> bool:
    """Whether a class has this base of recq_nb."""
    return any(path == f"{ROOT}.{name}" for path, _ in library_bases(definition))


def payload_kind_of(definition: ClassDefinition) -> PayloadKind | None:
    """The kind of payload a class is, if it is one."""
    return next((PAYLOAD_BASES[path] for path, _ in library_bases(definition) if path in PAYLOAD_BASES), None)


def component_kinds(definition: ClassDefinition) -> list[ComponentKind]:
    """The component decorators on a class itself."""
    paths = [without_call(path) for path in _paths(definition.decorators)]
    return [COMPONENT_DECORATORS[path] for path in paths if path in COMPONENT_DECORATORS]


def handler_kinds(function: FunctionDefinition) -> list[HandlerKind]:
    """The handler decorators on a method."""
    paths = [without_call(path) for path in _paths(function.decorators)]
    return [HANDLER_DECORATORS[path] for path in paths if path in HANDLER_DECORATORS]


def is_decorated(function: FunctionDefinition, *paths: str) -> bool:
    """Whether one of these stands above a function."""
    return any(path in paths for path in _paths(function.decorators))


def _paths(decorators: tuple[Value, ...]) -> Iterator[str]:
    return (atom.path for decorator in decorators for atom in decorator if isinstance(atom, Library))


def methods_of(definition: ClassDefinition) -> dict[str, FunctionDefinition]:
    """Every function a class has by name, inherited ones included, nearest first."""
    found: dict[str, FunctionDefinition] = {}
    for ancestor in ancestors(definition):
        for name, function in own_methods(ancestor).items():
            found.setdefault(name, function)
    return found


def own_methods(definition: ClassDefinition) -> dict[str, FunctionDefinition]:
    """The functions a class statement itself defines, in source order."""
    found = {}
    for name, value in (definition.frame.names or {}).items():
        functions = [atom.definition for atom in value if isinstance(atom, FunctionRef)]
        if functions:
            found[name] = functions[-1]
    return found
