"""From a model's source to its application graph."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator

from recq_nb.flow.application_graph import (
    ApplicationGraph,
    ComponentNode,
    Edge,
    EdgeKind,
    FieldNode,
    HandlerNode,
    PayloadNode,
)
from recq_nb.flow.reading.ancestry import derives_from, payload_kind_of
from recq_nb.flow.reading.facts import FactKind, GatewayCall
from recq_nb.flow.reading.library import ROOT
from recq_nb.flow.reading.model import ComponentReading, HandlerReading, Model, PayloadReading
from recq_nb.flow.reading.model_reading import read_model
from recq_nb.flow.reading.reader import Reader
from recq_nb.flow.reading.values import (
    ClassDefinition,
    ClassRef,
    Constant,
    GatewayKind,
    Instance,
    Library,
    TableRef,
    Value,
)
from recq_nb.flow.sources.source import Position, Source
from recq_nb.modeling.capability import HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind

_INCOMING = {
    HandlerKind.AGGREGATE_COMMAND: EdgeKind.HANDLES,
    HandlerKind.EVENT_SOURCING: EdgeKind.APPLIES,
    HandlerKind.COMMAND: EdgeKind.HANDLES,
    HandlerKind.EVENT: EdgeKind.CONSUMES,
    HandlerKind.SAGA_EVENT: EdgeKind.CONSUMES,
    HandlerKind.QUERY: EdgeKind.HANDLES,
}
_OUTGOING = {
    GatewayKind.COMMANDS: EdgeKind.SENDS,
    GatewayKind.QUERIES: EdgeKind.QUERIES,
    GatewayKind.SCHEDULER: EdgeKind.SCHEDULES,
}
_RETURNED = {
    HandlerKind.AGGREGATE_COMMAND: EdgeKind.PUBLISHES,
    HandlerKind.COMMAND: EdgeKind.PUBLISHES,
    HandlerKind.QUERY: EdgeKind.RETURNS,
    HandlerKind.INVOCATION: EdgeKind.RETURNS,
}
_EVENTS = {PayloadKind.DOMAIN_EVENT, PayloadKind.SERVICE_EVENT}


def application_graph(sources: Iterable[Source]) -> ApplicationGraph:
    """The application graph of everything some sources define. Nothing is executed.

    Args:
        sources: Cells, modules, files; see ``read_sources`` and ``live_sources``.
    """
    return graph_of(read_model(Reader(sources)))


def graph_of(model: Model) -> ApplicationGraph:
    """The application graph of a model that was read."""
    return ApplicationGraph(
        tuple(map(_payload_node, model.payloads.values())),
        tuple(map(_component_node, model.components.values())),
        tuple(_merged(edge for handler in model.handlers for edge in _edges(handler))),
        tuple(sorted({position for handler in model.handlers for position in _unresolved(handler)})),
    )


def _payload_node(payload: PayloadReading) -> PayloadNode:
    return PayloadNode(
        payload.name,
        payload.kind,
        payload.position,
        tuple(FieldNode(field.name, field.type_text, field.default) for field in payload.fields),
        payload.views[0].name if payload.views else None,
        payload.is_many,
        _description(payload.definition.node),
    )


def _component_node(component: ComponentReading) -> ComponentNode:
    version = component.options.get("version")
    return ComponentNode(
        component.name,
        component.kind,
        component.position,
        tuple(map(_handler_node, component.handlers)),
        _state(component),
        tuple(dict.fromkeys(row.name for handler in component.handlers for row in rows_of(handler))),
        version if isinstance(version, int) else None,
        _description(component.definition.node),
    )


def _handler_node(handler: HandlerReading) -> HandlerNode:
    association = handler.options.get("association_property")
    return HandlerNode(
        handler.component.name,
        handler.name,
        handler.kind,
        handler.position,
        handler.payloads[0].name if handler.payloads else None,
        handler.function.is_async,
        handler.options.get("init") is True,
        association if isinstance(association, str) else None,
        _description(handler.node),
    )


def rows_of(handler: HandlerReading) -> Iterator[ClassDefinition]:
    """Row classes of the tables a handler asks for."""
    for parameter in handler.parameters:
        for atom in parameter.value:
            if isinstance(atom, TableRef) and atom.row is not None:
                yield atom.row


def state_classes(component: ComponentReading) -> Iterator[ClassDefinition]:
    """State classes its handlers take or say they return."""
    for handler in component.handlers:
        mentioned: list[Value] = [parameter.types for parameter in handler.parameters if parameter.types is not None]
        for types in [*mentioned, handler.declared]:
            for atom in types:
                if isinstance(atom, ClassRef) and (
                    derives_from(atom.definition, "AggregateState") or derives_from(atom.definition, "SagaState")
                ):
                    yield atom.definition


def _state(component: ComponentReading) -> str | None:
    return next((definition.name for definition in state_classes(component)), None)


def _edges(handler: HandlerReading) -> Iterator[Edge]:
    node = _handler_node(handler)
    incoming = _INCOMING.get(handler.kind)
    if incoming is not None:
        for definition in handler.payloads:
            yield Edge(definition.name, node.id, incoming, (node.position,))
    for call in handler.facts.calls.values():
        for definition in sent_by(call):
            yield Edge(node.id, definition.name, _OUTGOING[call.kind], (call.position,))
    returned = _RETURNED.get(handler.kind)
    if returned is not None:
        declared = [(definition, node.position) for definition in handler.returns]
        for definition, position in [*declared, *handler.constructed()]:
            if _is_result(definition, returned):
                yield Edge(node.id, definition.name, returned, (position,))


def _is_result(definition: ClassDefinition, returned: EdgeKind) -> bool:
    kind = payload_kind_of(definition)
    return kind in _EVENTS if returned is EdgeKind.PUBLISHES else kind is PayloadKind.VIEW


def sent_by(call: GatewayCall) -> list[ClassDefinition]:
    """The payload classes a gateway call is known to be given, in the order of their names."""
    found = {
        atom.definition
        for atom in call.value
        if isinstance(atom, Instance) and payload_kind_of(atom.definition) is not None
    }
    return sorted(found, key=lambda definition: definition.name)


def is_resolved(call: GatewayCall) -> bool:
    """Whether every payload a gateway call may be given is known; a call that is never reached has none."""
    if not call.value:
        return True
    given = [atom for atom in call.value if atom != Constant(None)]
    return bool(given) and all(
        isinstance(atom, Instance) and payload_kind_of(atom.definition) is not None for atom in given
    )


def foreign_payload(handler: HandlerReading) -> str | None:
    """The path of a class that may be a handler's payload and is not among the sources; None where it is settled."""
    if handler.payloads or handler.kind is HandlerKind.INVOCATION:
        return None
    for parameter in handler.parameters:
        for atom in parameter.types or ():
            if isinstance(atom, Library):
                package = atom.path.partition(".")[0]
                if package not in sys.stdlib_module_names | {ROOT, "builtins"}:
                    return atom.path
    return None


def _unresolved(handler: HandlerReading) -> Iterator[Position]:
    if foreign_payload(handler) is not None:
        yield handler.position
    yield from (call.position for call in handler.facts.calls.values() if not is_resolved(call))
    yield from (fact.position for fact in handler.facts.of(FactKind.GATEWAY_ESCAPES))


def _merged(edges: Iterable[Edge]) -> Iterator[Edge]:
    found: dict[tuple[str, str, EdgeKind], list[Position]] = {}
    for edge in edges:
        found.setdefault((edge.source, edge.target, edge.kind), []).extend(edge.positions)
    for (source, target, kind), positions in found.items():
        yield Edge(source, target, kind, tuple(sorted(set(positions))))


def _description(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
