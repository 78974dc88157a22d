"""Rules about aggregates: a decision is pure, gives exactly one event, and events are folded into state."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from recq_nb.flow.finding import Severity
from recq_nb.flow.graph_reading import sent_by
from recq_nb.flow.lint.impurity import is_outside, is_unsteady, is_wait
from recq_nb.flow.lint.payload_rules import aggregate_id_fields
from recq_nb.flow.lint.rule import Report, RuleGroup, Scope, Subject
from recq_nb.flow.reading.ancestry import derives_from
from recq_nb.flow.reading.facts import FactKind
from recq_nb.flow.reading.model import ComponentReading, HandlerReading
from recq_nb.flow.reading.values import ClassRef, Constant
from recq_nb.modeling.capability import ComponentKind, HandlerKind

AGGREGATES = RuleGroup()
_STATEFUL = {ComponentKind.AGGREGATE, ComponentKind.SAGA, ComponentKind.PROJECTOR, ComponentKind.PROJECTION}


def _aggregates(subject: Subject) -> Iterator[ComponentReading]:
    return (one for one in subject.model.components.values() if one.kind is ComponentKind.AGGREGATE)


def _of_kind(component: ComponentReading, kind: HandlerKind) -> list[HandlerReading]:
    return [handler for handler in component.handlers if handler.kind is kind]


@AGGREGATES.rule("RECQ050", Severity.ERROR, "command handler changes state")
def state_changed(subject: Subject) -> Iterator[Report]:
    """The handler decides, only events change state: what no event says is gone after the next reconstruction."""
    for component in _aggregates(subject):
        for handler in _of_kind(component, HandlerKind.AGGREGATE_COMMAND):
            for fact in handler.facts.of(FactKind.STATE_CHANGE):
                yield (
                    fact.position,
                    f"{handler.label} changes `{fact.subject}`; a command handler decides and leaves state alone.",
                    "Return an event that says so, and change the state in its event-sourcing handler.",
                )


@AGGREGATES.rule("RECQ051", Severity.WARNING, "clock or randomness in an aggregate")
def unsteady(subject: Subject) -> Iterator[Report]:
    """The same command and history must give the same event, the same events the same state."""
    for component in _aggregates(subject):
        for handler in component.handlers:
            folds = handler.kind is HandlerKind.EVENT_SOURCING
            for fact in handler.facts.of(FactKind.CALL):
                if is_unsteady(fact.subject):
                    yield (
                        fact.position,
                        f"{handler.label} calls {fact.subject}, which gives something else each time.",
                        "Put the value into the event when it is decided."
                        if folds
                        else "Let the sender put it into the command; for the time, ask for `at: datetime`.",
                    )


@AGGREGATES.rule("RECQ052", Severity.WARNING, "I/O or waiting in an aggregate")
def impure(subject: Subject) -> Iterator[Report]:
    """Aggregate handlers run on the engine itself: while one waits, the whole system does."""
    for component in _aggregates(subject):
        for handler in component.handlers:
            folds = handler.kind is HandlerKind.EVENT_SOURCING
            for fact in handler.facts.of(FactKind.CALL):
                prints = folds and fact.subject == "builtins.print"
                if is_outside(fact.subject) or is_wait(fact.subject) or prints:
                    yield (
                        fact.position,
                        f"{handler.label} calls {fact.subject.removeprefix('builtins.')}; an aggregate only computes.",
                        "Move it to a service, or to an observer of the event.",
                    )


@AGGREGATES.rule("RECQ053", Severity.WARNING, "event without event-sourcing handler")
def not_folded(subject: Subject) -> Iterator[Report]:
    """An event nobody folds leaves the state as if it had not happened."""
    for component in _aggregates(subject):
        folded = {one.name for handler in _of_kind(component, HandlerKind.EVENT_SOURCING) for one in handler.payloads}
        for handler in _of_kind(component, HandlerKind.AGGREGATE_COMMAND):
            published = {one.name for one in handler.returns} | {one.name for one, _ in handler.constructed()}
            for name in sorted(published - folded):
                if name in subject.model.payloads:
                    yield (
                        handler.position,
                        f"{handler.label} publishes {name}, and {component.name} has no event-sourcing handler for it.",
                        f"Add one, even if it does nothing: `def happened(self, event: {name}) -> None`.",
                    )


@AGGREGATES.rule("RECQ054", Severity.INFO, "event-sourcing handler for an event nobody publishes", scope=Scope.MODEL)
def folds_nothing(subject: Subject) -> Iterator[Report]:
    """It runs only for events of an older model; otherwise it is dead text, or takes the wrong class."""
    published = {
        one.name
        for handler in subject.model.handlers
        for one in [*handler.returns, *(definition for definition, _ in handler.constructed())]
    }
    for component in _aggregates(subject):
        for handler in _of_kind(component, HandlerKind.EVENT_SOURCING):
            for definition in handler.payloads:
                if definition.name not in published:
                    yield (
                        handler.position,
                        f"{handler.label} folds {definition.name}, which no handler publishes.",
                        "Delete it, or keep it for old events with `# recq: ignore[RECQ054]`.",
                    )


@AGGREGATES.rule("RECQ055", Severity.ERROR, "aggregate that can never begin", scope=Scope.MODEL)
def no_init(subject: Subject) -> Iterator[Report]:
    """Only an init handler works on an empty history; without one every command is refused."""
    for component in _aggregates(subject):
        deciding = _of_kind(component, HandlerKind.AGGREGATE_COMMAND)
        if deciding and not any(handler.options.get("init") is True for handler in deciding):
            yield (
                component.position,
                f"{component.name} has no init handler, so no instance can ever begin.",
                "Mark the handler of its first command: `@aggregate_command_handler(init=True)`.",
            )


@AGGREGATES.rule("RECQ056", Severity.ERROR, "init handler asks for state")
def init_with_state(subject: Subject) -> Iterator[Report]:
    """An init handler runs on an empty history, where there is no state."""
    for component in _aggregates(subject):
        for handler in _of_kind(component, HandlerKind.AGGREGATE_COMMAND):
            for parameter in handler.parameters if handler.options.get("init") is True else ():
                types = parameter.types or frozenset()
                is_state = any(
                    isinstance(atom, ClassRef) and derives_from(atom.definition, "AggregateState") for atom in types
                )
                if is_state and Constant(None) not in types:
                    yield (
                        handler.position,
                        f"{handler.label} is an init handler and asks for `{parameter.name}`; there is no state yet.",
                        f"Remove `{parameter.name}`.",
                    )


@AGGREGATES.rule("RECQ057", Severity.WARNING, "component keeps state on itself")
def state_on_self(subject: Subject) -> Iterator[Report]:
    """One object serves all instances and all events: what it keeps is shared, and lost on restart and replay."""
    for component in subject.model.components.values():
        for handler in component.handlers if component.kind in _STATEFUL else ():
            kept = {(fact.position.line, fact.position.cell) for fact in handler.facts.of(FactKind.GATEWAY_KEPT)}
            for fact in handler.facts.of(FactKind.SELF_CHANGE):
                if (fact.position.line, fact.position.cell) not in kept:
                    yield (
                        fact.position,
                        f"{handler.label} keeps `self.{fact.subject}`, which all instances share and a restart loses.",
                        "Keep it in aggregate state, saga state or a read model.",
                    )


@AGGREGATES.rule("RECQ058", Severity.WARNING, "id of one aggregate reused for another", scope=Scope.MODEL)
def id_reused(subject: Subject) -> Iterator[Report]:
    """Aggregate ids are unique across aggregate types: a second history cannot begin under the same id."""
    carried = dict(_carried_ids(subject))
    starters = {
        one.name: handler
        for component in _aggregates(subject)
        for handler in _of_kind(component, HandlerKind.AGGREGATE_COMMAND)
        if handler.options.get("init") is True
        for one in handler.payloads
    }
    for handler in subject.model.handlers:
        for call in handler.facts.calls.values():
            for definition in sent_by(call):
                starter = starters.get(definition.name)
                payload = subject.model.payloads.get(definition.name)
                if starter is None or payload is None or call.node is None:
                    continue
                for event, field in _id_sources(call.node, aggregate_id_fields(payload, subject), handler):
                    owner = carried.get((event, field))
                    if owner is not None and owner != starter.component.name:
                        yield (
                            call.position,
                            f"{handler.label} starts a {starter.component.name} under the id of a {owner}.",
                            f'Give it an id of its own, e.g. f"{starter.component.name[:4].upper()}_{{…}}".',
                        )


def _carried_ids(subject: Subject) -> Iterator[tuple[tuple[str, str], str]]:
    """Event fields that carry the id of the aggregate that published the event."""
    for component in _aggregates(subject):
        for handler in _of_kind(component, HandlerKind.AGGREGATE_COMMAND):
            commands = [
                subject.model.payloads[one.name] for one in handler.payloads if one.name in subject.model.payloads
            ]
            ids = [name for command in commands for name in aggregate_id_fields(command, subject)]
            parameters = {parameter.name for parameter in handler.parameters}
            for node in ast.walk(handler.node):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    for keyword in node.keywords:
                        match keyword.value:
                            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if (
                                name in parameters and attribute in ids and keyword.arg is not None
                            ):
                                yield (node.func.id, keyword.arg), component.name


def _id_sources(call: ast.Call, ids: list[str], handler: HandlerReading) -> Iterator[tuple[str, str]]:
    """``event.field`` expressions that the id of the sent command is taken from, as they are."""
    events = {
        parameter.name: atom.definition.name
        for parameter in handler.parameters
        for atom in parameter.types or ()
        if isinstance(atom, ClassRef)
    }
    for node in ast.walk(call):
        if isinstance(node, ast.keyword) and node.arg in ids:
            match node.value:
                case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in events:
                    yield events[name], attribute


@AGGREGATES.rule("RECQ059", Severity.ERROR, "aggregate waits for itself")
def sends_to_itself(subject: Subject) -> Iterator[Report]:
    """While a command is handled its aggregate is locked: a nested command to the same one can only fail."""
    for component in _aggregates(subject):
        own = {one.name for handler in component.handlers for one in handler.payloads}
        for handler in _of_kind(component, HandlerKind.AGGREGATE_COMMAND):
            for call in handler.facts.calls.values():
                for definition in sent_by(call):
                    payload = subject.model.payloads.get(definition.name)
                    ids = aggregate_id_fields(payload, subject) if payload is not None else []
                    commands = {one.name for one in handler.payloads}
                    sources = list(_id_sources(call.node, ids, handler)) if call.node is not None else []
                    if definition.name in own and any(source in commands for source, _ in sources):
                        yield (
                            call.position,
                            f"{handler.label} sends {definition.name} to the very aggregate that handles it.",
                            "Decide both in one handler, or let a saga or an observer send it after the event.",
                        )
