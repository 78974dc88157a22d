"""Rules about payload classes: their fields, and names that say what they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from recq_nb.flow.finding import Severity
from recq_nb.flow.lint.impurity import is_unsteady
from recq_nb.flow.lint.past_tense import is_past
from recq_nb.flow.lint.rule import Report, RuleGroup, Scope, Subject
from recq_nb.flow.reading.model import FieldReading, PayloadReading, class_position
from recq_nb.flow.reading.values import Library
from recq_nb.modeling.payload_definition import PayloadKind

PAYLOADS = RuleGroup()
_MESSAGES = {
    PayloadKind.DOMAIN_COMMAND,
    PayloadKind.SERVICE_COMMAND,
    PayloadKind.DOMAIN_EVENT,
    PayloadKind.SERVICE_EVENT,
}
_COMMANDS = {PayloadKind.DOMAIN_COMMAND, PayloadKind.SERVICE_COMMAND}
_EVENTS = {PayloadKind.DOMAIN_EVENT, PayloadKind.SERVICE_EVENT}
_SUFFIXES = ("Command", "Event", "Query", "View")


@PAYLOADS.rule("RECQ030", Severity.ERROR, "domain command without exactly one AggregateId")
def aggregate_id(subject: Subject) -> Iterator[Report]:
    """A domain command addresses exactly one aggregate; one field says which."""
    for payload in subject.model.payloads.values():
        if payload.kind is not PayloadKind.DOMAIN_COMMAND:
            continue
        marked = aggregate_id_fields(payload, subject)
        if len(marked) == 1:
            continue
        problem = f"has {len(marked)} AggregateId fields" if marked else "has no AggregateId field"
        yield (
            payload.position,
            f"{payload.name} {problem}; a domain command addresses exactly one aggregate.",
            "Mark the one field that names it: `identifier: AggregateId`.",
        )


def aggregate_id_fields(payload: PayloadReading, subject: Subject) -> list[str]:
    """Fields whose type is ``AggregateId``, under whatever name it goes."""
    wanted = Library("recq_nb.AggregateId")
    return [
        field.name
        for field in payload.fields
        if wanted in subject.reader.type_of(field.node.annotation, field.owner.frame)
    ]


@PAYLOADS.rule("RECQ031", Severity.WARNING, "name suggests another kind of payload")
def misleading_name(subject: Subject) -> Iterator[Report]:
    """Names are read far from the class statement; the suffix is all a reader sees of the kind."""
    for payload in subject.model.payloads.values():
        own = _suffix(payload.kind)
        found = next((suffix for suffix in _SUFFIXES if payload.name.endswith(suffix)), own)
        if found != own:
            yield (
                payload.position,
                f"{payload.name} is a {payload.kind} named like a{'n' if found[0] == 'E' else ''} {found.lower()}.",
                f"Rename it to {payload.name.removesuffix(found)}{own}, or derive it from what its name says.",
            )


def _suffix(kind: PayloadKind) -> str:
    return kind.value.split()[-1].title()


def _words(payload: PayloadReading) -> list[str]:
    return re.findall(r"[A-Z][a-z]+", payload.name.removesuffix(_suffix(payload.kind)))


@PAYLOADS.rule("RECQ032", Severity.WARNING, "command named in the past tense")
def command_in_past(subject: Subject) -> Iterator[Report]:
    """A command asks for something that has not happened yet, and may be refused."""
    for payload in subject.model.payloads.values():
        words = _words(payload)
        if payload.kind in _COMMANDS and words and words[-1].endswith("ed") and is_past(words[-1]):
            yield (
                payload.position,
                f"{payload.name} is a command named in the past tense.",
                "Name it in the imperative: what is to be done, not what was.",
            )


@PAYLOADS.rule("RECQ033", Severity.WARNING, "event not named in the past tense")
def event_not_past(subject: Subject) -> Iterator[Report]:
    """An event is a fact: it has happened, and nobody can refuse it any more."""
    for payload in subject.model.payloads.values():
        words = _words(payload)
        if payload.kind in _EVENTS and words and not any(map(is_past, words)):
            yield (
                payload.position,
                f"{payload.name} is an event that is not named in the past tense.",
                "Say what has happened: OrderPlacedEvent, not OrderPlaceEvent.",
            )


@PAYLOADS.rule("RECQ034", Severity.WARNING, "mutable default in a message")
def mutable_default(subject: Subject) -> Iterator[Report]:
    """Messages are immutable and shared: by the sender, the store's cache and every consumer in this process."""
    for payload, field in _message_fields(subject):
        value = field.node.value
        literal = isinstance(value, ast.List | ast.Dict | ast.Set)
        made = isinstance(value, ast.Call) and ast.unparse(value.func) in {"list", "dict", "set"}
        if literal or made:
            yield (
                field.position,
                f"{payload.name}.{field.name} has the mutable default `{field.default}`.",
                "Use a tuple or frozenset, or leave the default out.",
            )


@PAYLOADS.rule("RECQ035", Severity.WARNING, "default of an event that differs at every reading")
def unsteady_default(subject: Subject) -> Iterator[Report]:
    """An old event without the field is read with the default: it must be the same at every replay."""
    for payload, field in _message_fields(subject):
        if payload.kind not in _EVENTS or field.node.value is None:
            continue
        for node in ast.walk(field.node.value):
            paths = (
                [atom.path for atom in subject.reader.read(node, field.owner.frame) if isinstance(atom, Library)]
                if isinstance(node, ast.Name | ast.Attribute)
                else []
            )
            if any(is_unsteady(path) for path in paths):
                yield (
                    field.position,
                    (
                        f"{payload.name}.{field.name} takes its default from `{field.default}`, which differs at "
                        "every reading."
                    ),
                    "Set it where the event is made, and give it a constant default.",
                )
                break


def _message_fields(subject: Subject) -> Iterator[tuple[PayloadReading, FieldReading]]:
    for payload in subject.model.payloads.values():
        if payload.kind in _MESSAGES:
            for field in payload.fields:
                if field.owner is payload.definition:
                    yield payload, field


@PAYLOADS.rule("RECQ036", Severity.ERROR, "query that does not say what answers it")
def query_without_view(subject: Subject) -> Iterator[Report]:
    """A query is answered with one view, or with a list of one view."""
    for payload in subject.model.payloads.values():
        if payload.kind is PayloadKind.QUERY and len(payload.views) != 1:
            yield (
                payload.position,
                f"{payload.name} does not say which view answers it.",
                f"Write `class {payload.name}(Query[SomeView])` or `Query[list[SomeView]]`.",
            )


@PAYLOADS.rule("RECQ037", Severity.ERROR, "two definitions of one name", scope=Scope.MODEL)
def repeated_name(subject: Subject) -> Iterator[Report]:
    """Payloads and components are known by their class name, whatever module they are in."""
    for definition in subject.model.repeated:
        yield (
            class_position(definition),
            f"{definition.name} is defined in another module, too; identity is the class name.",
            "Rename one of them, or import it from the other module.",
        )


@PAYLOADS.rule("RECQ066", Severity.WARNING, "payload nobody mentions", scope=Scope.MODEL)
def unused(subject: Subject) -> Iterator[Report]:
    """A payload that nothing handles, sends, returns or contains is dead text, or a handler is missing."""
    if not subject.model.components:
        return
    for payload in subject.model.payloads.values():
        if payload.name not in subject.model.mentioned:
            yield (
                payload.position,
                f"{payload.name} is a {payload.kind} that nothing mentions.",
                "Write the handler it is for, or delete it.",
            )
