"""The model as its source tells it: payloads, components and handlers, each with the facts reading found."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from recq_nb.flow.reading.ancestry import ancestors
from recq_nb.flow.reading.facts import Facts, GatewayCall
from recq_nb.flow.reading.values import ClassDefinition, FunctionDefinition, Instance, Value
from recq_nb.flow.sources.source import Position
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind

Option = str | int | bool | None


@dataclass(frozen=True, slots=True)
class FieldReading:
    """One field of a payload, state or row class.

    Attributes:
        type_text: Its annotation as written.
        default: Its default as written; None where it is required.
        owner: The class statement that declares it.
        node: The statement.
    """

    name: str
    type_text: str
    default: str | None
    owner: ClassDefinition
    node: ast.AnnAssign

    @property
    def position(self) -> Position:
        """Where it is declared."""
        return self.owner.source.position(self.node)


@dataclass(frozen=True, slots=True)
class PayloadReading:
    """A payload class.

    Attributes:
        fields: Inherited ones first.
        views: Queries: the views it is answered with; one in a good model.
        is_many: Queries: answered with a list.
    """

    definition: ClassDefinition
    kind: PayloadKind
    fields: tuple[FieldReading, ...]
    views: tuple[ClassDefinition, ...] = ()
    is_many: bool = False

    @property
    def name(self) -> str:
        """Class name; its identity."""
        return self.definition.name

    @property
    def position(self) -> Position:
        """Where the class statement stands."""
        return class_position(self.definition)


@dataclass(frozen=True, slots=True)
class ParameterReading:
    """A parameter of a handler, ``self`` left out.

    Attributes:
        types: What its annotation means; None without one.
        value: What it is when the handler runs.
    """

    node: ast.arg
    types: Value | None
    value: Value

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.arg


@dataclass(frozen=True, slots=True)
class HandlerReading:
    """A handler method of a component.

    Attributes:
        component: The component class, which may have inherited it.
        kinds: Its handler decorators; one in a good model.
        options: What its decorator was told in literals.
        payloads: Payload classes among its parameters; one in a good model, none for invocations.
        declared: What its return annotation means; nothing without one.
        returns: Payload classes its return annotation mentions.
        facts: What it does.
    """

    component: ClassDefinition
    function: FunctionDefinition
    kinds: tuple[HandlerKind, ...]
    options: Mapping[str, Option]
    parameters: tuple[ParameterReading, ...]
    payloads: tuple[ClassDefinition, ...]
    declared: Value
    returns: tuple[ClassDefinition, ...]
    facts: Facts

    @property
    def name(self) -> str:
        """Method name."""
        return self.function.name

    @property
    def label(self) -> str:
        """How findings name it."""
        return f"{self.component.name}.{self.name}"

    @property
    def kind(self) -> HandlerKind:
        """Its decorator; the first of several."""
        return self.kinds[0]

    @property
    def position(self) -> Position:
        """Where its ``def`` stands."""
        return self.function.source.position(self.function.node)

    @property
    def node(self) -> ast.FunctionDef | ast.AsyncFunctionDef:
        """Its ``def``."""
        assert not isinstance(self.function.node, ast.Lambda)
        return self.function.node

    def constructed(self) -> Iterator[tuple[ClassDefinition, Position]]:
        """Classes its return expressions give, alone or in containers, with the line of the return."""
        for one in self.facts.returns:
            for atom in sorted(
                (atom for atom in one.contained if isinstance(atom, Instance)), key=lambda atom: atom.definition.name
            ):
                yield atom.definition, one.position


@dataclass(frozen=True, slots=True)
class ComponentReading:
    """A component class.

    Attributes:
        kinds: Its component decorators; one in a good model.
        options: What its decorator was told in literals.
        constructor: What its ``__init__`` does.
    """

    definition: ClassDefinition
    kinds: tuple[ComponentKind, ...]
    options: Mapping[str, Option]
    handlers: tuple[HandlerReading, ...]
    constructor: Facts

    @property
    def name(self) -> str:
        """Class name; its identity."""
        return self.definition.name

    @property
    def kind(self) -> ComponentKind:
        """Its decorator; the first of several."""
        return self.kinds[0]

    @property
    def position(self) -> Position:
        """Where the class statement stands."""
        return class_position(self.definition)

    def owns(self, function: FunctionDefinition | None) -> bool:
        """Whether a function is part of the component: a method, its own or inherited, or inside one."""
        method = outermost(function)
        return method is not None and method.owner is not None and method.owner in ancestors(self.definition)


@dataclass(frozen=True, slots=True)
class LooseFunction:
    """A function outside components that works with a gateway.

    Attributes:
        calls: Gateway calls in it.
    """

    function: FunctionDefinition
    calls: tuple[GatewayCall, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """Everything the sources define.

    Attributes:
        payloads: By name; the last definition of a name counts.
        components: By name, likewise.
        repeated: Classes that another module's class of the same name hides.
        unmarked: Classes with handlers that are neither components nor bases of one.
        loose: Functions outside components with gateway calls no component leads to.
        classes: Every class statement that is not inside a function.
        mentioned: Names that something in the sources mentions.
    """

    payloads: Mapping[str, PayloadReading]
    components: Mapping[str, ComponentReading]
    repeated: tuple[ClassDefinition, ...] = ()
    unmarked: tuple[ClassDefinition, ...] = ()
    loose: tuple[LooseFunction, ...] = ()
    classes: tuple[ClassDefinition, ...] = ()
    mentioned: frozenset[str] = field(default_factory=frozenset)

    @property
    def handlers(self) -> Iterator[HandlerReading]:
        """Every handler of every component."""
        return (handler for component in self.components.values() for handler in component.handlers)


def class_position(definition: ClassDefinition) -> Position:
    """Where a class statement stands: its own line, not a decorator's."""
    return definition.source.position(definition.node)


def outermost(function: FunctionDefinition | None) -> FunctionDefinition | None:
    """The method or module-level function a nested function or lambda stands in."""
    while function is not None and function.owner is None and function.frame.function is not None:
        function = function.frame.function
    return function


def fields_of(definition: ClassDefinition) -> Iterator[FieldReading]:
    """The annotated fields of a class, inherited ones first."""
    found: dict[str, FieldReading] = {}
    for ancestor in reversed(ancestors(definition)):
        for node in ancestor.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                name = node.target.id
                text = ast.unparse(node.annotation)
                if name == "model_config" or text.startswith(("ClassVar", "typing.ClassVar")):
                    continue
                default = ast.unparse(node.value) if node.value is not None else None
                found[name] = FieldReading(name, text, default, ancestor, node)
    yield from found.values()
