"""Rules about component classes: what the capability matrix grants, and what a handler looks like."""

from __future__ import annotations

from collections.abc import Iterator

from recq_nb.flow.finding import Severity
from recq_nb.flow.graph_reading import foreign_payload
from recq_nb.flow.lint.rule import Report, RuleGroup, Scope, Subject
from recq_nb.flow.reading.ancestry import own_methods, payload_kind_of
from recq_nb.flow.reading.function_shape import parameters_of
from recq_nb.flow.reading.model import HandlerReading, class_position
from recq_nb.flow.reading.values import Gateway, GatewayKind, TableRef
from recq_nb.modeling.capability import CAPABILITIES, HandlerKind, Injection
from recq_nb.modeling.payload_definition import PayloadKind

COMPONENTS = RuleGroup()
HANDLED = {
    HandlerKind.AGGREGATE_COMMAND: {PayloadKind.DOMAIN_COMMAND},
    HandlerKind.EVENT_SOURCING: {PayloadKind.DOMAIN_EVENT},
    HandlerKind.COMMAND: {PayloadKind.SERVICE_COMMAND},
    HandlerKind.EVENT: {PayloadKind.DOMAIN_EVENT, PayloadKind.SERVICE_EVENT},
    HandlerKind.SAGA_EVENT: {PayloadKind.DOMAIN_EVENT, PayloadKind.SERVICE_EVENT},
    HandlerKind.QUERY: {PayloadKind.QUERY},
}
_GATEWAYS = {
    GatewayKind.COMMANDS: Injection.COMMAND_GATEWAY,
    GatewayKind.QUERIES: Injection.QUERY_GATEWAY,
    GatewayKind.SCHEDULER: Injection.COMMAND_SCHEDULER,
}


@COMPONENTS.rule("RECQ020", Severity.ERROR, "handler its component type may not have")
def foreign_handler(subject: Subject) -> Iterator[Report]:
    """There are seven types of component, and each handles one kind of thing."""
    for component in subject.model.components.values():
        allowed = CAPABILITIES[component.kind].handlers
        for handler in component.handlers:
            if handler.kind not in allowed:
                names = " and ".join(f"@{kind}" for kind in sorted(allowed))
                yield (
                    handler.position,
                    f"{handler.label} is an @{handler.kind}; a component of type {component.kind} has {names} only.",
                    f"Use {names}, or move the method to a component of the right type.",
                )


@COMPONENTS.rule("RECQ021", Severity.ERROR, "asks for what its type may not use")
def capability(subject: Subject) -> Iterator[Report]:
    """The capability matrix says which type of component may send, ask, schedule and use tables."""
    for component in subject.model.components.values():
        row = CAPABILITIES[component.kind]
        for handler in component.handlers:
            for name, wanted in _injections(handler):
                granted = {
                    Injection.COMMAND_GATEWAY: row.may_send_commands,
                    Injection.QUERY_GATEWAY: row.may_send_queries,
                }.get(wanted, wanted in row.injections)
                folds = handler.kind is HandlerKind.EVENT_SOURCING and wanted in _GATEWAYS.values()
                if not granted or folds:
                    yield (
                        handler.position,
                        (
                            f"{handler.label} asks for `{name}`, a {wanted}; a component of type {component.kind} "
                            f"may not use one{' to fold events' if folds and granted else ''}."
                        ),
                        row.remedy
                        if not granted
                        else "Do it in the command handler; state is folded from events alone.",
                    )


def _injections(handler: HandlerReading) -> Iterator[tuple[str, Injection]]:
    for parameter in handler.parameters:
        for atom in parameter.value:
            if isinstance(atom, Gateway):
                yield parameter.name, _GATEWAYS[atom.kind]
            elif isinstance(atom, TableRef):
                yield parameter.name, Injection.TABLE


@COMPONENTS.rule("RECQ022", Severity.ERROR, "handlers in a class that is no component")
def unmarked(subject: Subject) -> Iterator[Report]:
    """Without a component decorator nobody registers the class, and its handlers handle nothing."""
    for definition in subject.model.unmarked:
        yield (
            class_position(definition),
            f"{definition.name} has handlers and no component decorator.",
            "Put one of @aggregate, @service, @projector, @projection, @saga, @observer, @invoker above it.",
        )


@COMPONENTS.rule("RECQ023", Severity.ERROR, "component without handlers")
def no_handlers(subject: Subject) -> Iterator[Report]:
    """A component that handles nothing does nothing."""
    for component in subject.model.components.values():
        if not component.handlers:
            names = " or ".join(f"@{kind}" for kind in sorted(CAPABILITIES[component.kind].handlers))
            yield component.position, f"{component.name} has no handlers.", f"Mark its methods with {names}."


@COMPONENTS.rule("RECQ024", Severity.ERROR, "handler does not take exactly one payload of its kind")
def payload_parameter(subject: Subject) -> Iterator[Report]:
    """Messages are routed by the type of their payload, which the handler's annotation names."""
    for handler in subject.model.handlers:
        wanted = HANDLED.get(handler.kind)
        unreadable = any(parameter.types is None for parameter in handler.parameters)
        if wanted is None or unreadable or foreign_payload(handler) is not None:
            continue
        names = " or ".join(sorted(kind.value for kind in wanted))
        kinds = [payload_kind_of(definition) for definition in handler.payloads]
        if len(kinds) == 1 and kinds[0] in wanted:
            continue
        named = ", ".join(definition.name for definition in handler.payloads)
        problem = f"takes {named}" if named else "takes no payload that can be read"
        yield (
            handler.position,
            f"{handler.label} {problem}; an @{handler.kind} takes exactly one {names}.",
            "Annotate one parameter with the class it handles, and give every class a handler of its own.",
        )


@COMPONENTS.rule("RECQ025", Severity.ERROR, "handler parameter without annotation")
def unannotated(subject: Subject) -> Iterator[Report]:
    """Parameters are filled by their annotated type; nothing can fill one without."""
    for handler in subject.model.handlers:
        if handler.kind is HandlerKind.INVOCATION:
            continue
        for parameter in handler.parameters:
            if parameter.types is None:
                yield (
                    handler.function.source.position(parameter.node),
                    f"{handler.label} has a parameter `{parameter.name}` without annotation.",
                    f"Annotate it: `{parameter.name}: EventMessage`, `{parameter.name}: CommandGateway`, …",
                )


@COMPONENTS.rule("RECQ026", Severity.ERROR, "handler is a generator")
def generator(subject: Subject) -> Iterator[Report]:
    """A handler gives its result once."""
    for handler in subject.model.handlers:
        if handler.function.is_generator:
            yield handler.position, f"{handler.label} yields; a handler returns its result once.", "Return instead."


@COMPONENTS.rule("RECQ027", Severity.ERROR, "constructor asks for a gateway")
def constructor_gateway(subject: Subject) -> Iterator[Report]:
    """A gateway belongs to the message being handled, so only handlers are given one."""
    for component in subject.model.components.values():
        constructor = own_methods(component.definition).get("__init__")
        for parameter in parameters_of(constructor.node) if constructor is not None else ():
            value = subject.reader.annotated(parameter.annotation, component.definition.frame)
            if constructor is not None and any(isinstance(atom, Gateway) for atom in value):
                yield (
                    constructor.source.position(parameter),
                    f"{component.name} asks for a gateway in its constructor; a gateway belongs to one message.",
                    f"Ask for `{parameter.arg}` in the handlers that use it.",
                )


@COMPONENTS.rule("RECQ065", Severity.ERROR, "two handlers for one command or query", scope=Scope.MODEL)
def two_handlers(subject: Subject) -> Iterator[Report]:
    """Commands and queries are routed by type to the one handler they have."""
    seen: dict[tuple[str, str], HandlerReading] = {}
    for handler in subject.model.handlers:
        answering = handler.kind in {HandlerKind.AGGREGATE_COMMAND, HandlerKind.COMMAND, HandlerKind.QUERY}
        if handler.kind is HandlerKind.INVOCATION:
            continue
        for definition in handler.payloads:
            where = "" if answering else f"{handler.component.name} {handler.kind}"
            first = seen.setdefault((definition.name, where), handler)
            if first is not handler:
                yield (
                    handler.position,
                    f"{handler.label} handles {definition.name}, which {first.label} handles already.",
                    "Merge the two, or remove one.",
                )
