"""Values as far as the source tells: an expression may have any of a set of atoms, and ``UNKNOWN`` says it may be more.

Reading never guesses: what cannot be followed becomes ``UNKNOWN``, and whoever needed to know reports it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from recq_nb.flow.sources.source import Source


class Unknown(Enum):
    """What cannot be known from the source."""

    VALUE = "unknown"


class GatewayKind(Enum):
    """What a handler may be given to reach others; the value is its method that takes a payload."""

    COMMANDS = "send"
    QUERIES = "query"
    SCHEDULER = "schedule"


@dataclass(eq=False, slots=True)
class ClassDefinition:
    """A class statement of the sources; each statement is its own.

    Attributes:
        bases: What its base expressions mean.
        decorators: What its decorator expressions mean.
        frame: The class body after it ran: methods, defaults of fields, nested classes.
        attributes: What methods assign to ``self``, joined over all of them.
        changes: Grows whenever ``attributes`` does.
    """

    name: str
    node: ast.ClassDef
    source: Source
    bases: tuple[Value, ...]
    decorators: tuple[Value, ...]
    frame: Frame
    attributes: dict[str, Value] = field(default_factory=dict)
    changes: int = 0

    def assign(self, name: str, value: Value) -> None:
        """Remember what a method assigned to ``self``."""
        before = self.attributes.get(name, NOTHING)
        if not value <= before:
            self.attributes[name] = before | value
            self.changes += 1


@dataclass(eq=False, slots=True)
class FunctionDefinition:
    """A function statement or lambda of the sources.

    Attributes:
        frame: Where it was defined; free names are looked up from there.
        owner: The class it is a method of.
        decorators: What its decorator expressions mean, outermost first.
        is_generator: Calling it gives what it yields.
        local_names: Names it assigns, parameters included.
    """

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    source: Source
    frame: Frame
    owner: ClassDefinition | None = None
    decorators: tuple[Value, ...] = ()
    is_generator: bool = False
    local_names: frozenset[str] = frozenset()

    @property
    def is_async(self) -> bool:
        """Whether it runs on an event loop."""
        return isinstance(self.node, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Library:
    """Something from outside the sources by its dotted path; ``()`` in the path marks the result of a call."""

    path: str


@dataclass(frozen=True, slots=True)
class ClassRef:
    """A class of the sources itself."""

    definition: ClassDefinition


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the sources."""

    definition: ClassDefinition


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function; with a receiver, a bound method."""

    definition: FunctionDefinition
    receiver: Instance | ClassRef | None = None


@dataclass(frozen=True, slots=True)
class ModuleRef:
    """A module of the sources."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Super:
    """What ``super()`` is in a method: the classes after its own."""

    owner: ClassDefinition
    receiver: Instance | ClassRef


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway or scheduler a handler was given."""

    kind: GatewayKind


@dataclass(frozen=True, slots=True)
class GatewayMethod:
    """A method of a gateway, to be called or passed on."""

    kind: GatewayKind
    name: str


@dataclass(frozen=True, slots=True)
class TableRef:
    """A ``Table[Row]``; the row class where it is known."""

    row: ClassDefinition | None


@dataclass(frozen=True, slots=True)
class TableMethod:
    """A method of a table."""

    row: ClassDefinition | None
    name: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a gateway call returned; awaiting it, or its ``result()``, gives ``answer``."""

    kind: GatewayKind
    answer: Value


@dataclass(frozen=True, slots=True)
class ReplyMethod:
    """A method of a reply."""

    answer: Value
    name: str


@dataclass(frozen=True, slots=True)
class StatePart:
    """The aggregate state a handler was given, or something inside it."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal text, number, truth value or ``None``."""

    value: str | int | bool | None


@dataclass(frozen=True, slots=True)
class Items:
    """A list, set, iterator …: any number of these values."""

    values: Value


@dataclass(frozen=True, slots=True)
class Pair:
    """A tuple with known places."""

    places: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """A dict: values by key; ``None`` in place of a key that is not known."""

    entries: tuple[tuple[Atom | None, Value], ...]

    @property
    def values(self) -> Value:
        """What any key may give."""
        return join(value for _, value in self.entries)


@dataclass(frozen=True, slots=True)
class Heap:
    """A container that may change, by the place and call that made it; several names may mean the same one."""

    site: int


@dataclass(frozen=True, slots=True)
class ContainerMethod:
    """A method of a container."""

    container: Items | Pair | Entries | Heap
    name: str


@dataclass(frozen=True, slots=True)
class Generic:
    """A subscripted type, ``list[X]``."""

    origin: Value
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Partial:
    """A call with some arguments given already."""

    function: Value
    positional: tuple[Value, ...]
    named: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Returns:
    """A function of a library that is known to return this."""

    value: Value


Atom = (
    Unknown
    | Library
    | ClassRef
    | Instance
    | FunctionRef
    | ModuleRef
    | Super
    | Gateway
    | GatewayMethod
    | TableRef
    | TableMethod
    | Reply
    | ReplyMethod
    | StatePart
    | Constant
    | Items
    | Pair
    | Entries
    | Heap
    | ContainerMethod
    | Generic
    | Partial
    | Returns
)
Value = frozenset[Atom]

NOTHING: Value = frozenset()
UNKNOWN: Value = frozenset({Unknown.VALUE})
NONE: Value = frozenset({Constant(None)})
STATE_PART: Value = frozenset({StatePart()})


def only(atom: Atom) -> Value:
    """The value that is this atom for sure."""
    return frozenset({atom})


def join(values: Iterable[Value]) -> Value:
    """What may be any of several values."""
    return frozenset().union(*values)


def unsure(value: Value) -> Value:
    """The part of a value that only its declaration can tell: unknown, or made by code outside the sources."""
    return frozenset(
        atom for atom in value if isinstance(atom, Unknown) or (isinstance(atom, Library) and "(" in atom.path)
    )


def is_unknown(value: Value) -> bool:
    """Whether it may be something that cannot be known."""
    return Unknown.VALUE in value


Names = dict[str, Value] | None
"""What names may mean at one point; None where execution cannot get."""


def joined(one: Names, other: Names) -> Names:
    """What names may mean where two paths meet."""
    if one is None or other is None:
        return one if other is None else other
    return {name: one.get(name, NOTHING) | other.get(name, NOTHING) for name in one.keys() | other.keys()}


@dataclass(eq=False, slots=True)
class Frame:
    """The names of a module, class body, function call or comprehension while it is read.

    Attributes:
        module: Dotted name of the module it belongs to.
        source: The text being read in it.
        parent: Where free names are looked up next; class bodies are left out of the chain, as in Python.
        names: What each name may mean now.
        local_names: Names that are local even before they are assigned.
        outer: Names declared ``global`` or ``nonlocal``, with the frame they belong to.
        function: The function it is a call of.
        receiver: What ``self`` or ``cls`` is in that call.
        returned: What the call may return.
        yielded: What it may yield.
        has_returned: Whether some path returns.
        owner: The class whose body it is.
    """

    module: str
    source: Source
    parent: Frame | None = None
    names: Names = field(default_factory=dict)
    local_names: frozenset[str] = frozenset()
    outer: dict[str, Frame] = field(default_factory=dict)
    function: FunctionDefinition | None = None
    receiver: Instance | ClassRef | None = None
    returned: Value = NOTHING
    yielded: Value = NOTHING
    has_returned: bool = False
    owner: ClassDefinition | None = None

    def lookup(self, name: str) -> Value | None:
        """What a name may mean; None if nothing in the sources defines it."""
        if name in self.outer:
            return self.outer[name].lookup(name)
        if self.names is not None and name in self.names:
            return self.names[name]
        if name in self.local_names:
            return NOTHING
        return self.parent.lookup(name) if self.parent is not None else None

    def bind(self, name: str, value: Value) -> None:
        """Let a name mean this from here on."""
        owner = self.outer.get(name)
        if owner is None:
            if self.names is not None:
                self.names[name] = value
        elif owner.names is not None:
            owner.names[name] = owner.names.get(name, NOTHING) | value

    def holder(self, name: str) -> Frame | None:
        """The frame a name is found in."""
        if name in self.outer:
            return self.outer[name]
        if name in self.local_names or (self.names is not None and name in self.names):
            return self
        return self.parent.holder(name) if self.parent is not None else None

    @property
    def top(self) -> Frame:
        """The frame of the module."""
        return self if self.parent is None else self.parent.top
