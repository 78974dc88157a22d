"""Rules about the whole model: what is sent is handled, what is published is consumed, tables have one owner."""

from __future__ import annotations

from collections.abc import Iterator

from recq_nb.flow.finding import Severity
from recq_nb.flow.graph_reading import rows_of
from recq_nb.flow.lint.impurity import is_unsteady
from recq_nb.flow.lint.rule import Report, RuleGroup, Scope, Subject
from recq_nb.flow.reading.ancestry import derives_from
from recq_nb.flow.reading.facts import FactKind
from recq_nb.flow.reading.model import HandlerReading, PayloadReading, class_position, fields_of
from recq_nb.flow.reading.values import ClassDefinition, Generic, Library
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind

FLOWS = RuleGroup()
_COMMANDS = {PayloadKind.DOMAIN_COMMAND, PayloadKind.SERVICE_COMMAND}
_EVENTS = {PayloadKind.DOMAIN_EVENT, PayloadKind.SERVICE_EVENT}
_CONSUMING = {HandlerKind.EVENT, HandlerKind.SAGA_EVENT}
_WRITES = {"upsert", "update", "delete", "clear"}


def _handled(subject: Subject, *kinds: HandlerKind) -> set[str]:
    return {one.name for handler in subject.model.handlers if handler.kind in kinds for one in handler.payloads}


def _of_kinds(subject: Subject, kinds: set[PayloadKind]) -> Iterator[PayloadReading]:
    """Payloads that something mentions; the others have a rule of their own."""
    mentioned = subject.model.mentioned
    return (one for one in subject.model.payloads.values() if one.kind in kinds and one.name in mentioned)


def _published(subject: Subject) -> set[str]:
    return {
        one.name
        for handler in subject.model.handlers
        if handler.kind in {HandlerKind.AGGREGATE_COMMAND, HandlerKind.COMMAND}
        for one in [*handler.returns, *(definition for definition, _ in handler.constructed())]
    }


@FLOWS.rule("RECQ060", Severity.ERROR, "command without handler", scope=Scope.MODEL)
def command_unhandled(subject: Subject) -> Iterator[Report]:
    """Whoever sends it is told that nobody can handle it."""
    handled = _handled(subject, HandlerKind.AGGREGATE_COMMAND, HandlerKind.COMMAND)
    for payload in _of_kinds(subject, _COMMANDS) if subject.model.components else ():
        if payload.name not in handled:
            owner = "an aggregate" if payload.kind is PayloadKind.DOMAIN_COMMAND else "a service"
            yield (
                payload.position,
                f"{payload.name} has no handler.",
                f"Write one in {owner}: `def handle(self, command: {payload.name})`.",
            )


@FLOWS.rule("RECQ061", Severity.ERROR, "query without handler", scope=Scope.MODEL)
def query_unhandled(subject: Subject) -> Iterator[Report]:
    """Whoever asks it is told that nobody can answer."""
    handled = _handled(subject, HandlerKind.QUERY)
    for payload in _of_kinds(subject, {PayloadKind.QUERY}) if subject.model.components else ():
        if payload.name not in handled:
            yield (
                payload.position,
                f"{payload.name} has no handler.",
                f"Write one in a projection: `def find(self, query: {payload.name})`.",
            )


@FLOWS.rule("RECQ062", Severity.WARNING, "event nobody publishes", scope=Scope.MODEL)
def event_unpublished(subject: Subject) -> Iterator[Report]:
    """Its consumers wait for something that never happens."""
    published = _published(subject)
    consumers: dict[str, HandlerReading] = {}
    for handler in subject.model.handlers:
        if handler.kind in _CONSUMING:
            for definition in handler.payloads:
                consumers.setdefault(definition.name, handler)
    for payload in _of_kinds(subject, _EVENTS):
        consumer = consumers.get(payload.name)
        if consumer is not None and payload.name not in published:
            yield (
                payload.position,
                f"{payload.name} is consumed by {consumer.label} and published by nobody.",
                "Return it from a command handler, or consume the event that is.",
            )


@FLOWS.rule("RECQ063", Severity.INFO, "service event nobody consumes", scope=Scope.MODEL)
def event_unconsumed(subject: Subject) -> Iterator[Report]:
    """A domain event at least folds into its aggregate; a service event nobody consumes is only stored."""
    consumed, published = _handled(subject, *_CONSUMING), _published(subject)
    for payload in _of_kinds(subject, {PayloadKind.SERVICE_EVENT}) if subject.is_beyond_commands else ():
        if payload.name in published and payload.name not in consumed:
            yield (
                payload.position,
                f"{payload.name} is published and consumed by nobody.",
                "Consume it, return nothing instead, or say that this is meant with `# recq: ignore[RECQ063]`.",
            )


@FLOWS.rule("RECQ064", Severity.WARNING, "view that answers nothing", scope=Scope.MODEL)
def view_unused(subject: Subject) -> Iterator[Report]:
    """A view is what a query is answered with, or part of one."""
    asked = {view for payload in subject.model.payloads.values() for view in payload.views}
    parts = {
        name
        for payload in subject.model.payloads.values()
        for field in payload.fields
        for name in field.type_text.replace("[", " ").replace("]", " ").replace("|", " ").replace(",", " ").split()
    }
    for payload in _of_kinds(subject, {PayloadKind.VIEW}):
        if payload.definition not in asked and payload.name not in parts and _is_final(payload, subject):
            yield (
                payload.position,
                f"{payload.name} answers no query and is part of no other view.",
                f"Ask for it: `class SomeQuery(Query[{payload.name}])`, or delete it.",
            )


def _is_final(payload: PayloadReading, subject: Subject) -> bool:
    return not subject.reader.is_subclassed(payload.definition)


@FLOWS.rule("RECQ070", Severity.ERROR, "read model with two owners", scope=Scope.MODEL)
def two_owners(subject: Subject) -> Iterator[Report]:
    """A projector owns its tables: a rebuild empties them, with what another one wrote."""
    owners: dict[ClassDefinition, str] = {}
    for component in subject.model.components.values():
        if component.kind is not ComponentKind.PROJECTOR:
            continue
        for handler in component.handlers:
            for row in rows_of(handler):
                owner = owners.setdefault(row, component.name)
                if owner != component.name:
                    yield (
                        handler.position,
                        f"{handler.label} writes {row.name}, which {owner} owns.",
                        "Give each projector its own row class, or merge the projectors.",
                    )


@FLOWS.rule("RECQ071", Severity.ERROR, "projection writes a read model")
def projection_writes(subject: Subject) -> Iterator[Report]:
    """Queries change nothing; they may be repeated, cached, and asked at any time."""
    for handler in subject.model.handlers:
        for fact in handler.facts.of(FactKind.TABLE_CALL) if handler.kind is HandlerKind.QUERY else ():
            if fact.subject in _WRITES:
                yield (
                    fact.position,
                    f"{handler.label} calls `{fact.subject}` on a read model; a projection only reads.",
                    "Write it in the projector, when the event arrives.",
                )


@FLOWS.rule("RECQ072", Severity.WARNING, "clock or randomness in a projector")
def unsteady_projector(subject: Subject) -> Iterator[Report]:
    """A rebuild replays every event: rows must come out the same."""
    for component in subject.model.components.values():
        for handler in component.handlers if component.kind is ComponentKind.PROJECTOR else ():
            for fact in handler.facts.of(FactKind.CALL):
                if is_unsteady(fact.subject):
                    yield (
                        fact.position,
                        f"{handler.label} calls {fact.subject}; after a rebuild the rows would differ.",
                        "Use `message.timestamp` and ids that the event carries.",
                    )


@FLOWS.rule("RECQ073", Severity.ERROR, "read model without key")
def no_key(subject: Subject) -> Iterator[Report]:
    """A row is found, replaced and removed by its key."""
    used = {row for handler in subject.model.handlers for row in rows_of(handler)}
    for definition in subject.model.classes:
        if definition in used and derives_from(definition, "ReadModel"):
            types = [
                subject.reader.type_of(field.node.annotation, field.owner.frame) for field in fields_of(definition)
            ]
            keys = [
                atom
                for one in types
                for atom in one
                if isinstance(atom, Generic) and Library("recq_nb.Key") in atom.origin
            ]
            if not keys:
                yield (
                    class_position(definition),
                    f"{definition.name} has no key.",
                    "Mark the identifying field: `identifier: Key[str]`.",
                )
