"""Rules of confinement: what leaves a component leaves through its gateways, with a payload type that can be read."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from recq_nb.flow.finding import Severity
from recq_nb.flow.graph_reading import foreign_payload, is_resolved, sent_by
from recq_nb.flow.lint.rule import Report, RuleGroup, Subject
from recq_nb.flow.reading.ancestry import payload_kind_of
from recq_nb.flow.reading.facts import Fact, FactKind, GatewayCall
from recq_nb.flow.reading.library import SESSION
from recq_nb.flow.reading.model import ComponentReading, HandlerReading
from recq_nb.flow.reading.values import GatewayKind, Instance
from recq_nb.modeling.payload_definition import PayloadKind

CONFINEMENT = RuleGroup()
_COMMANDS = {PayloadKind.DOMAIN_COMMAND, PayloadKind.SERVICE_COMMAND}
_SESSION_CALLS = {f"{SESSION}.{name}" for name in ("send", "query", "invoker", "invoke", "sql", "register")}


def _handlers(subject: Subject) -> Iterator[tuple[ComponentReading, HandlerReading]]:
    for component in subject.model.components.values():
        for handler in component.handlers:
            yield component, handler


def _calls(subject: Subject) -> Iterator[tuple[ComponentReading, HandlerReading, GatewayCall]]:
    for component, handler in _handlers(subject):
        for call in handler.facts.calls.values():
            yield component, handler, call


def _facts(subject: Subject, kind: FactKind) -> Iterator[tuple[HandlerReading, Fact]]:
    for _, handler in _handlers(subject):
        for fact in handler.facts.of(kind):
            yield handler, fact


@CONFINEMENT.rule("RECQ010", Severity.WARNING, "payload type cannot be read", confines=True)
def unresolvable_payload(subject: Subject) -> Iterator[Report]:
    """The interaction graph is read before anything runs; a type only known at run time is a hole in it."""
    for handler in subject.model.handlers:
        foreign = foreign_payload(handler)
        if foreign is not None:
            yield (
                handler.position,
                f"{handler.label} takes {foreign}, whose source is not part of the model.",
                "Read the module it comes from together with this one, or define it here.",
            )
    for _, handler, call in _calls(subject):
        if not is_resolved(call) and not list(_foreign(call)):
            yield (
                call.position,
                f"{handler.label} calls `{call.text}`; which payload class that is cannot be read from the source.",
                "Construct the payload where it can be followed, or annotate the value with its concrete class.",
            )


@CONFINEMENT.rule("RECQ011", Severity.WARNING, "gateway call outside a component", confines=True)
def outside_component(subject: Subject) -> Iterator[Report]:
    """Only components talk through gateways; a call elsewhere belongs to nobody's capabilities."""
    remedy = "Let the function return the payload, and send it in the handler."
    for component, handler, call in _calls(subject):
        if not component.owns(call.function):
            name = call.function.name if call.function is not None else "the module"
            yield (
                call.position,
                f"{name} {call.kind.value}s on behalf of {handler.label}, outside of {component.name}.",
                remedy,
            )
    for loose in subject.model.loose:
        for call in loose.calls:
            yield call.position, f"{loose.function.name} works with a gateway outside of any component.", remedy


@CONFINEMENT.rule("RECQ012", Severity.WARNING, "gateway handed to code that cannot be read", confines=True)
def gateway_escapes(subject: Subject) -> Iterator[Report]:
    """What code outside the sources does with a gateway is in no graph."""
    for handler, fact in _facts(subject, FactKind.GATEWAY_ESCAPES):
        yield (
            fact.position,
            f"{handler.label} hands a gateway to `{fact.subject}`, whose source is not part of the model.",
            "Call the gateway in the component, and pass on what it answers.",
        )


@CONFINEMENT.rule("RECQ013", Severity.WARNING, "gateway kept beyond its message")
def gateway_kept(subject: Subject) -> Iterator[Report]:
    """A gateway belongs to the message being handled: correlation, cause and metadata come from it."""
    for handler, fact in _facts(subject, FactKind.GATEWAY_KEPT):
        yield (
            fact.position,
            (
                f"{handler.label} keeps its gateway in `{fact.subject}`; a later message would be sent in the name of "
                "this one."
            ),
            "Pass the gateway on as an argument.",
        )


@CONFINEMENT.rule("RECQ014", Severity.ERROR, "component goes around its gateway", confines=True)
def around_gateway(subject: Subject) -> Iterator[Report]:
    """The session is the outside of the system: what a component does through it has no cause and no capabilities."""
    for handler, fact in _facts(subject, FactKind.CALL):
        if fact.subject in _SESSION_CALLS:
            yield (
                fact.position,
                f"{handler.label} calls `{fact.subject.rpartition('.')[2]}` of the session; components use gateways.",
                "Ask for a `CommandGateway` or `QueryGateway` parameter and use that.",
            )


@CONFINEMENT.rule("RECQ015", Severity.ERROR, "component uses another component")
def component_used(subject: Subject) -> Iterator[Report]:
    """Components reach each other through messages and the store, never by calls."""
    for handler, fact in _facts(subject, FactKind.COMPONENT_USED):
        yield (
            fact.position,
            f"{handler.label} makes a {fact.subject} of its own; components never call each other.",
            f"Send the command or query that {fact.subject} handles.",
        )


@CONFINEMENT.rule("RECQ016", Severity.WARNING, "components share a global")
def global_shared(subject: Subject) -> Iterator[Report]:
    """Variables shared between components are a side channel: lost on restart, invisible in the graph, and racy."""
    users: dict[str, set[str]] = {}
    for component, handler in _handlers(subject):
        for function in handler.facts.used:
            for node in ast.walk(function.node):
                if isinstance(node, ast.Name):
                    users.setdefault(node.id, set()).add(component.name)
    for handler, fact in _facts(subject, FactKind.GLOBAL_CHANGE):
        others = sorted(users.get(fact.subject, set()) - {handler.component.name})
        if others:
            yield (
                fact.position,
                f"{handler.label} changes the global `{fact.subject}`, which {others[0]} uses too.",
                "Keep it in aggregate or saga state, or project it into a read model.",
            )


def _foreign(call: GatewayCall) -> Iterator[str]:
    """Names of what is certainly no payload for this gateway."""
    for definition in sent_by(call):
        kind = payload_kind_of(definition)
        fits = kind is PayloadKind.QUERY if call.kind is GatewayKind.QUERIES else kind in _COMMANDS
        if not fits:
            yield definition.name
    for atom in call.value:
        if isinstance(atom, Instance) and payload_kind_of(atom.definition) is None:
            yield atom.definition.name


@CONFINEMENT.rule("RECQ017", Severity.ERROR, "wrong kind of payload for a gateway")
def wrong_payload(subject: Subject) -> Iterator[Report]:
    """Commands are sent, queries are asked; events are published by returning them from a command handler."""
    for _, handler, call in _calls(subject):
        for name in _foreign(call):
            wanted = "a query" if call.kind is GatewayKind.QUERIES else "a command"
            yield (
                call.position,
                f"{handler.label} gives {name} to `{call.kind.value}`, which takes {wanted}.",
                "Send commands with a CommandGateway, ask queries with a QueryGateway, return events.",
            )
