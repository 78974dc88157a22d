"""Application graph: who handles, sends, asks and publishes what, as the source says before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from recq_nb.flow.sources.source import Position
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind


class EdgeKind(StrEnum):
    """What one end of an edge does with the other."""

    HANDLES = "handles"
    """A handler handles a command, a query, or a call from outside."""
    APPLIES = "applies"
    """An event-sourcing handler applies an event to state."""
    CONSUMES = "consumes"
    """A projector, saga or observer consumes an event."""
    SENDS = "sends"
    """A handler sends a command."""
    SCHEDULES = "schedules"
    """A saga has a command sent later."""
    QUERIES = "queries"
    """A handler asks a query."""
    PUBLISHES = "publishes"
    """A command handler returns an event, which is stored and published."""
    RETURNS = "returns"
    """A query handler, or an invocation, returns a view."""


@dataclass(frozen=True, slots=True)
class FieldNode:
    """A field of a payload, as written."""

    name: str
    type_text: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class PayloadNode:
    """A payload class.

    Attributes:
        name: Class name; its identity.
        position: Where the class statement stands; None for one whose source is not at hand.
        view: Queries: name of the view that answers.
        is_many: Queries: answered with a list.
        description: First paragraph of its docstring.
    """

    name: str
    kind: PayloadKind
    position: Position | None
    fields: tuple[FieldNode, ...] = ()
    view: str | None = None
    is_many: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class HandlerNode:
    """A handler method.

    Attributes:
        component: Name of its component.
        handles: Name of the payload; None for an invocation, which is called from outside.
        init: It starts an aggregate's or saga's history.
        association_property: Sagas: the event field that finds the instance.
    """

    component: str
    name: str
    kind: HandlerKind
    position: Position
    handles: str | None
    is_async: bool = False
    init: bool = False
    association_property: str | None = None
    description: str = ""

    @property
    def id(self) -> str:
        """``Component.method``; unique in a graph."""
        return f"{self.component}.{self.name}"


@dataclass(frozen=True, slots=True)
class ComponentNode:
    """A component class with its handlers.

    Attributes:
        state: Aggregates and sagas: name of the state class.
        read_models: Row classes of the tables its handlers ask for.
        version: Consumers: their version.
    """

    name: str
    kind: ComponentKind
    position: Position
    handlers: tuple[HandlerNode, ...]
    state: str | None = None
    read_models: tuple[str, ...] = ()
    version: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """One relation between a handler and a payload, in the direction messages take.

    Attributes:
        source: A handler's id, or a payload's name.
        target: The other one.
        positions: Every place that says so: an annotation, a return, a gateway call.
    """

    source: str
    target: str
    kind: EdgeKind
    positions: tuple[Position, ...]


@dataclass(frozen=True)
class ApplicationGraph:
    """A model as a graph of payloads and handlers. Cycles are fine; order is that of the source.

    What the source does not settle has no edge: ``unresolved`` says where that is.

    Attributes:
        unresolved: Gateway calls whose payload type cannot be read, and gateways handed to code that cannot be.
    """

    payloads: tuple[PayloadNode, ...] = ()
    components: tuple[ComponentNode, ...] = ()
    edges: tuple[Edge, ...] = ()
    unresolved: tuple[Position, ...] = ()

    @cached_property
    def payload_by_name(self) -> Mapping[str, PayloadNode]:
        """Payloads by name."""
        return {payload.name: payload for payload in self.payloads}

    @cached_property
    def handler_by_id(self) -> Mapping[str, HandlerNode]:
        """Handlers by id."""
        return {handler.id: handler for component in self.components for handler in component.handlers}

    @cached_property
    def component_by_name(self) -> Mapping[str, ComponentNode]:
        """Components by name."""
        return {component.name: component for component in self.components}

    def into(self, node: str, *kinds: EdgeKind) -> tuple[Edge, ...]:
        """Edges that end at a payload or handler, of some kinds or of all."""
        return tuple(edge for edge in self.edges if edge.target == node and (not kinds or edge.kind in kinds))

    def out_of(self, node: str, *kinds: EdgeKind) -> tuple[Edge, ...]:
        """Edges that start at a payload or handler, of some kinds or of all."""
        return tuple(edge for edge in self.edges if edge.source == node and (not kinds or edge.kind in kinds))

    def restricted_to(self, names: Collection[str]) -> ApplicationGraph:
        """The graph of these payloads and components alone: what their source holds beside them is left out.

        Args:
            names: Payloads and components.
        """
        components = tuple(component for component in self.components if component.name in names)
        payloads = tuple(payload for payload in self.payloads if payload.name in names)
        kept = {payload.name for payload in payloads}
        kept |= {handler.id for component in components for handler in component.handlers}
        edges = tuple(edge for edge in self.edges if edge.source in kept and edge.target in kept)
        return ApplicationGraph(payloads, components, edges, self.unresolved)
