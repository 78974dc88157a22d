"""Rules about what handlers return."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from recq_nb.flow.finding import Severity
from recq_nb.flow.lint.rule import Report, RuleGroup, Subject
from recq_nb.flow.reading.ancestry import derives_from, payload_kind_of
from recq_nb.flow.reading.model import HandlerReading
from recq_nb.flow.reading.values import (
    ClassDefinition,
    Constant,
    Entries,
    Generic,
    Heap,
    Instance,
    Items,
    Library,
    Pair,
    Value,
)
from recq_nb.modeling.capability import HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind

RESULTS = RuleGroup()
_EVENT = {HandlerKind.AGGREGATE_COMMAND: PayloadKind.DOMAIN_EVENT, HandlerKind.COMMAND: PayloadKind.SERVICE_EVENT}
_CONTAINERS = Items | Pair | Entries | Heap
_CONTAINER_NAMES = {"list", "tuple", "set", "Sequence", "Iterable", "Iterator", "List", "Tuple", "frozenset"}


@RESULTS.rule("RECQ040", Severity.ERROR, "aggregate handler that may return nothing")
def may_return_nothing(subject: Subject) -> Iterator[Report]:
    """An accepted command is exactly one event; refusing is raising, with ``reject``."""
    for handler in subject.model.handlers:
        if handler.kind is not HandlerKind.AGGREGATE_COMMAND or handler.function.is_generator:
            continue
        nothing = next((one for one in handler.facts.returns if Constant(None) in one.value), None)
        is_stub = not handler.facts.returns and handler.facts.falls_through and _is_stub(handler)
        if nothing is None and (not handler.facts.falls_through or is_stub):
            continue
        yield (
            nothing.position if nothing is not None else handler.position,
            f"{handler.label} may return nothing; it publishes exactly one domain event, or rejects.",
            'Return the event on every path, and refuse with `reject("code", "text")`.',
        )


def _is_stub(handler: HandlerReading) -> bool:
    """A body of nothing but ``...`` in an example that is to be filled in."""
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in handler.node.body)


@RESULTS.rule("RECQ041", Severity.ERROR, "handler returns several events")
def several_events(subject: Subject) -> Iterator[Report]:
    """One command, one event: what belongs together is one fact, what does not is another command."""
    for handler in subject.model.handlers:
        if handler.kind not in _EVENT:
            continue
        container = next((one for one in handler.facts.returns if _contains(one.value)), None)
        if container is not None or _is_container_type(handler.declared):
            yield (
                container.position if container is not None else handler.position,
                f"{handler.label} returns a collection; a command handler publishes one event.",
                "Return one event that says all of it, or let a saga send the next command.",
            )


def _contains(value: Value) -> bool:
    return any(isinstance(atom, _CONTAINERS) for atom in value)


def _is_container_type(declared: Value) -> bool:
    return any(
        isinstance(origin, Library) and origin.path.rpartition(".")[2] in _CONTAINER_NAMES
        for atom in declared
        if isinstance(atom, Generic)
        for origin in atom.origin
    )


@RESULTS.rule("RECQ042", Severity.ERROR, "handler returns something its kind may not")
def wrong_result(subject: Subject) -> Iterator[Report]:
    """Aggregates return domain events, services service events, projections the view their query asks for."""
    for handler in subject.model.handlers:
        wrong = next(((name, expected) for name, expected in _wrong_results(handler, subject)), None)
        if wrong is not None:
            yield (
                handler.position,
                f"{handler.label} returns {wrong[0]}; an @{handler.kind} here returns {wrong[1]}.",
                f"Return {wrong[1]}.",
            )


def _wrong_results(handler: HandlerReading, subject: Subject) -> Iterator[tuple[str, str]]:
    given: list[ClassDefinition] = [*handler.returns, *(definition for definition, _ in handler.constructed())]
    if handler.kind in _EVENT:
        wanted = _EVENT[handler.kind]
        for definition in given:
            if payload_kind_of(definition) is not wanted:
                yield definition.name, f"a {wanted}"
    elif handler.kind is HandlerKind.QUERY and handler.payloads:
        query = subject.model.payloads.get(handler.payloads[0].name)
        if query is None or not query.views:
            return
        top = [atom.definition for one in handler.facts.returns for atom in one.value if isinstance(atom, Instance)]
        for definition in [*handler.returns, *top]:
            if definition not in query.views and payload_kind_of(definition) is not None:
                yield definition.name, query.views[0].name


@RESULTS.rule("RECQ043", Severity.ERROR, "consumer returns something")
def consumer_result(subject: Subject) -> Iterator[Report]:
    """Nobody receives what an event handler returns; only a saga's new state is kept."""
    for handler in subject.model.handlers:
        if handler.kind not in {HandlerKind.EVENT, HandlerKind.SAGA_EVENT}:
            continue
        for one in handler.facts.returns:
            lost = [atom for atom in one.value if isinstance(atom, Instance) and not _is_kept(atom, handler)]
            if lost:
                yield (
                    one.position,
                    f"{handler.label} returns {lost[0].definition.name}, which nobody receives.",
                    "Send it as a command, or project it; events are published by aggregates and services.",
                )


def _is_kept(atom: Instance, handler: HandlerReading) -> bool:
    return handler.kind is HandlerKind.SAGA_EVENT and derives_from(atom.definition, "SagaState")
