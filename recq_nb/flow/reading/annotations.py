"""Annotations: what an object of an annotated type is."""

from __future__ import annotations

from collections.abc import Callable

from recq_nb.flow.reading.library import ROOT
from recq_nb.flow.reading.values import (
    NONE,
    UNKNOWN,
    Atom,
    ClassRef,
    Constant,
    Entries,
    Gateway,
    GatewayKind,
    Generic,
    Instance,
    Items,
    Library,
    Pair,
    Reply,
    TableRef,
    Value,
    join,
    only,
)

_GATEWAYS = {
    f"{ROOT}.CommandGateway": GatewayKind.COMMANDS,
    f"{ROOT}.QueryGateway": GatewayKind.QUERIES,
    f"{ROOT}.CommandScheduler": GatewayKind.SCHEDULER,
}
_UNIONS = {"typing.Optional", "typing.Union"}
_TRANSPARENT = {"typing.Annotated", "typing.Final", "typing.ClassVar", "typing.Required", "typing.NotRequired"}
_MAPPINGS = {"dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict", "Dict", "DefaultDict"}
_AWAITABLES = {"Awaitable", "Coroutine"}
_CONTAINERS = {
    *("list", "set", "frozenset", "List", "Set", "FrozenSet", "deque", "Deque", "Sequence", "MutableSequence"),
    *("Iterable", "Iterator", "Collection", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator"),
    *("AbstractSet", "MutableSet", "KeysView", "ValuesView"),
}


def generic(origin: Atom, arguments: Value) -> Value:
    """The type ``origin[arguments]``."""
    places: tuple[Value, ...] = (arguments,)
    for atom in arguments:
        if isinstance(atom, Pair) and len(arguments) == 1:
            places = atom.places
    return only(Generic(only(origin), places))


def object_of(type_value: Value, *, subclassed: Callable[[Instance], bool]) -> Value:
    """What an object annotated with a type may be.

    Args:
        type_value: What the annotation means.
        subclassed: Whether the class of an instance has subclasses, so that the annotation does not settle it.
    """

    def of(atom: Atom) -> Value:
        match atom:
            case ClassRef(definition):
                instance = Instance(definition)
                return UNKNOWN if subclassed(instance) else only(instance)
            case Constant(None):
                return NONE
            case Library(path):
                return _object_of_library(path)
            case Generic(origin, arguments):
                return join(_object_of_generic(one, arguments, of) for one in origin)
            case _:
                return UNKNOWN

    return join(map(of, type_value))


def _object_of_library(path: str) -> Value:
    if path in _GATEWAYS:
        return only(Gateway(_GATEWAYS[path]))
    if path == f"{ROOT}.Table":
        return only(TableRef(None))
    if path.startswith(("typing.", f"{ROOT}.")) or path.rpartition(".")[2] in _CONTAINERS | _MAPPINGS:
        return UNKNOWN if path.rpartition(".")[2] != "Session" else only(Library(f"{path}()"))
    return only(Library(f"{path}()")) if path != "builtins.object" else UNKNOWN


def _object_of_generic(origin: Atom, arguments: tuple[Value, ...], of: Callable[[Atom], Value]) -> Value:
    if isinstance(origin, ClassRef):
        return of(origin)
    if not isinstance(origin, Library) or not arguments:
        return UNKNOWN
    objects = [join(map(of, argument)) for argument in arguments]
    if origin.path.startswith(f"{ROOT}."):
        return _object_of_recq(origin.path, arguments, objects)
    name = origin.path.rpartition(".")[2]
    if name in {"type", "Type"}:
        return arguments[0]
    if name in {"tuple", "Tuple"}:
        return _tuple(arguments, objects)
    return _object_of_standard(origin.path, name, objects)


def _object_of_recq(path: str, arguments: tuple[Value, ...], objects: list[Value]) -> Value:
    if path == f"{ROOT}.Table":
        rows = [atom.definition for atom in arguments[0] if isinstance(atom, ClassRef)]
        return only(TableRef(rows[0] if rows else None))
    if path == f"{ROOT}.Reply":
        return only(Reply(GatewayKind.QUERIES, objects[0]))
    return UNKNOWN


def _object_of_standard(path: str, name: str, objects: list[Value]) -> Value:
    if path in _UNIONS:
        return join(objects) | (NONE if name == "Optional" else frozenset())
    if path in _TRANSPARENT:
        return objects[0]
    if name in _MAPPINGS:
        return only(Entries(((None, objects[-1]),)))
    if name in _AWAITABLES:
        return objects[-1]
    return only(Items(objects[0])) if name in _CONTAINERS else UNKNOWN


def _tuple(arguments: tuple[Value, ...], objects: list[Value]) -> Value:
    if len(arguments) == 2 and only(Library("builtins.Ellipsis")) in arguments:  # noqa: PLR2004
        return only(Items(objects[0]))
    return only(Pair(tuple(objects)))
