"""Rules about sagas, observers and whoever else waits for replies."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from recq_nb.flow.finding import Severity
from recq_nb.flow.graph_reading import state_classes
from recq_nb.flow.lint.impurity import is_blocking
from recq_nb.flow.lint.rule import Report, RuleGroup, Scope, Subject
from recq_nb.flow.reading.ancestry import ancestors
from recq_nb.flow.reading.facts import FactKind
from recq_nb.flow.reading.model import ComponentReading, HandlerReading, fields_of
from recq_nb.flow.reading.values import GatewayKind
from recq_nb.modeling.capability import ComponentKind

REACTIONS = RuleGroup()
_REACTING = {ComponentKind.SAGA, ComponentKind.OBSERVER}
_SENDING = _REACTING | {ComponentKind.SERVICE, ComponentKind.AGGREGATE}


def _of_type(subject: Subject, kinds: set[ComponentKind]) -> Iterator[tuple[ComponentReading, HandlerReading]]:
    for component in subject.model.components.values():
        for handler in component.handlers if component.kind in kinds else ():
            yield component, handler


def _sagas(subject: Subject) -> Iterator[ComponentReading]:
    return (one for one in subject.model.components.values() if one.kind is ComponentKind.SAGA and one.handlers)


@REACTIONS.rule("RECQ080", Severity.ERROR, "saga that can never begin", scope=Scope.MODEL)
def saga_never_begins(subject: Subject) -> Iterator[Report]:
    """Only an init handler starts an instance; all others need one."""
    for saga in _sagas(subject):
        if not any(handler.options.get("init") is True for handler in saga.handlers):
            yield (
                saga.position,
                f"{saga.name} has no init handler, so no instance can ever begin.",
                "Mark the handler of its first event: `init=True`.",
            )


@REACTIONS.rule("RECQ081", Severity.WARNING, "saga that can never end", scope=Scope.MODEL)
def saga_never_ends(subject: Subject) -> Iterator[Report]:
    """An instance is kept until its state says ``ended``; one that never does is kept for good."""
    for saga in _sagas(subject):
        if not _mentions(_texts(saga), "ended"):
            yield (
                saga.position,
                f"{saga.name} never sets `ended`; its instances are kept for good.",
                "Set `state.ended = True` in the handler of the last event.",
            )


@REACTIONS.rule("RECQ082", Severity.ERROR, "saga that starts without associations")
def no_associations(subject: Subject) -> Iterator[Report]:
    """An event finds its instance through an association; an instance without one is never found again."""
    for saga in _sagas(subject):
        starting = [handler for handler in saga.handlers if handler.options.get("init") is True]
        if starting and not _mentions(_texts(saga), "associations", "associate"):
            yield (
                starting[0].position,
                f"{starting[0].label} starts a saga without associations; no later event could find it.",
                'Set them: `state.associate("identifier", event.identifier)`.',
            )


def _texts(saga: ComponentReading) -> list[ast.AST]:
    """Everything that may touch the saga's state: its classes, its state's classes, and all functions it calls."""
    classes = {base for one in [saga.definition, *state_classes(saga)] for base in ancestors(one)}
    followed = {used for handler in saga.handlers for used in handler.facts.used}
    return [*(one.node for one in classes), *(one.node for one in followed)]


def _mentions(texts: Iterable[ast.AST], *names: str) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.keyword) and (node.arg in names or node.arg is None))
        or (isinstance(node, ast.Constant) and node.value in names)
        for text in texts
        for node in ast.walk(text)
    )


@REACTIONS.rule("RECQ083", Severity.ERROR, "association that the event does not carry")
def association_missing(subject: Subject) -> Iterator[Report]:
    """The value of the association property, a field of the event, finds the instance."""
    for _, handler in _of_type(subject, {ComponentKind.SAGA}):
        association = handler.options.get("association_property")
        for definition in handler.payloads:
            names = {field.name for field in fields_of(definition)}
            if isinstance(association, str) and association not in names | {"context"}:
                yield (
                    handler.position,
                    f"{handler.label} finds its saga by {association!r}, which {definition.name} does not have.",
                    f"Use one of its fields: {', '.join(sorted(names)) or 'it has none yet'}.",
                )


@REACTIONS.rule("RECQ084", Severity.WARNING, "outage taken for an answer")
def swallowed(subject: Subject) -> Iterator[Report]:
    """A broad ``except`` catches timeouts and outages too, and the event counts as handled: it is never tried again."""
    for _, handler in _of_type(subject, _REACTING):
        seen = set()
        for call in handler.facts.calls.values():
            if call.swallowed_by is not None and call.swallowed_by not in seen:
                seen.add(call.swallowed_by)
                yield (
                    call.swallowed_by,
                    f"{handler.label} takes any failure of `{call.text}` for an answer, outages included.",
                    "Catch `Rejection`, which is a decision, and let everything else pass: the event is redelivered.",
                )


@REACTIONS.rule("RECQ085", Severity.WARNING, "reaction that may read the past")
def stale_query(subject: Subject) -> Iterator[Report]:
    """The projection may not have seen the event that is being handled; ``after`` waits until it has."""
    for _, handler in _of_type(subject, _REACTING):
        for call in handler.facts.calls.values():
            if call.kind is GatewayKind.QUERIES and not call.has_after:
                yield (
                    call.position,
                    f"{handler.label} calls `{call.text}` without `after`; the answer may not know the event yet.",
                    "Ask for `message: EventMessage` and pass `after=message.sequence_number`.",
                )


@REACTIONS.rule("RECQ086", Severity.WARNING, "reply nobody waits for")
def reply_dropped(subject: Subject) -> Iterator[Report]:
    """Whether it worked is never known: the event counts as handled even if the command failed."""
    for _, handler in _of_type(subject, _SENDING):
        for fact in handler.facts.of(FactKind.REPLY_DROPPED):
            yield (
                fact.position,
                f"{handler.label} lets a reply go; a failure would go unnoticed.",
                "Wait for it: `await` in an async handler, `.result()` in a plain one.",
            )


@REACTIONS.rule("RECQ087", Severity.WARNING, "async handler that blocks")
def blocking(subject: Subject) -> Iterator[Report]:
    """Async handlers share the engine's loop: while one blocks, nothing else runs, its own reply included."""
    for handler in subject.model.handlers:
        for fact in handler.facts.of(FactKind.BLOCKING_WAIT, FactKind.CALL) if handler.function.is_async else ():
            waits = fact.kind is FactKind.BLOCKING_WAIT
            if waits or is_blocking(fact.subject):
                yield (
                    fact.position,
                    f"{handler.label} is async and calls {'`.result()`' if waits else fact.subject}, which blocks.",
                    "Await the reply." if waits else "Write the handler as a plain `def`: it then has its own thread.",
                )
