"""Which edge of the graph a message passed: by the model where only one can be meant, by its cause otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from recq_nb import DomainCommand, DomainEvent
from recq_nb.flow.application_graph import ApplicationGraph, ComponentNode, Edge, EdgeKind, HandlerNode, PayloadNode
from recq_nb.flow.edge_traffic import EdgeEnds, EdgeRates, EdgeTraffic, Passed
from recq_nb.flow.flow_reader import FlowReader
from recq_nb.flow.recorder import FlowRecorder, route_of
from recq_nb.flow.sources.source import Position
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.message import CommandMessage, EventMessage
from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload_definition import PayloadKind
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind

HERE = Position("model.py", 0, 1)
AT = datetime(2026, 1, 31, tzinfo=UTC)
A, B = EdgeEnds("Saga.on_a", "Pay"), EdgeEnds("Saga.on_b", "Pay")


def _handler(name: str, handles: str) -> HandlerNode:
    return HandlerNode("Saga", name, HandlerKind.SAGA_EVENT, HERE, handles)


@pytest.fixture
def graph() -> ApplicationGraph:
    """A saga whose two handlers send the same command, and one that sends another."""
    saga = ComponentNode("Saga", ComponentKind.SAGA, HERE, (_handler("on_a", "A"), _handler("on_b", "B")))
    events = [PayloadNode(name, PayloadKind.DOMAIN_EVENT, HERE) for name in ("A", "B")]
    commands = [PayloadNode(name, PayloadKind.DOMAIN_COMMAND, HERE) for name in ("Pay", "Ship", "Hide")]
    edges = [
        Edge("A", "Saga.on_a", EdgeKind.CONSUMES, (HERE,)),
        Edge("B", "Saga.on_b", EdgeKind.CONSUMES, (HERE,)),
        Edge("Saga.on_a", "Pay", EdgeKind.SENDS, (HERE,)),
        Edge("Saga.on_b", "Pay", EdgeKind.SENDS, (HERE,)),
        Edge("Saga.on_b", "Ship", EdgeKind.SCHEDULES, (HERE,)),
    ]
    return ApplicationGraph((*events, *commands), (saga,), tuple(edges))


class Told(DomainEvent):
    pass


class Wanted(DomainCommand):
    pass


def _event(name: str, number: str) -> FlowStep:
    message = EventMessage(1, number, "c", "c", name, Told(), Metadata(), AT, "Order", "O", 1, "default")
    return FlowStep(FlowStepKind.CONSUMED, 0, message, "Saga", "on_a" if name == "A" else "on_b")


def _command(name: str, cause: str, kind: FlowStepKind = FlowStepKind.SENT, sender: str = "Saga") -> FlowStep:
    message = CommandMessage(f"{name}<{cause}", "c", cause, name, Wanted(), Metadata(), AT, sender)
    return FlowStep(kind, 0, message, outcome="no" if kind is FlowStepKind.REJECTED else "")


def look(traffic: EdgeTraffic, steps: Sequence[FlowStep]) -> None:
    traffic.look(Counter(map(route_of, steps)), steps)


def test_the_cause_tells_which_of_two_handlers_has_sent(graph: ApplicationGraph) -> None:
    traffic = EdgeTraffic(graph)

    look(traffic, [_event("A", "a1"), _command("Pay", "a1"), _event("B", "b1"), _command("Pay", "b1")])
    look(traffic, [_event("B", "b2"), _command("Pay", "b2"), _command("Pay", "b1", FlowStepKind.REJECTED)])

    assert traffic.passed == {
        EdgeEnds("A", "Saga.on_a"): Passed(1, 0),
        EdgeEnds("B", "Saga.on_b"): Passed(2, 0),
        A: Passed(1, 0),
        B: Passed(2, 1),
    }


def test_where_only_one_handler_can_have_sent_no_cause_is_needed(graph: ApplicationGraph) -> None:
    traffic = EdgeTraffic(graph)

    look(traffic, [_command("Ship", "forgotten long ago")])

    assert traffic.passed == {EdgeEnds("Saga.on_b", "Ship"): Passed(1, 0)}


def test_what_no_source_declares_is_an_edge_of_its_handler_or_else_of_its_component(graph: ApplicationGraph) -> None:
    traffic = EdgeTraffic(graph)

    look(traffic, [_event("A", "a1"), _command("Hide", "a1"), _command("Hide", "unknown")])

    hidden = traffic.seen - traffic.declared.keys()
    assert hidden == {EdgeEnds("Saga.on_a", "Hide"), EdgeEnds("Saga", "Hide")}


def test_what_comes_from_outside_or_is_not_in_the_model_passes_no_edge(graph: ApplicationGraph) -> None:
    traffic = EdgeTraffic(graph)

    look(traffic, [_command("Pay", "x", sender=""), _command("Pay", "x", sender="Gone"), _command("Gone", "x")])

    assert traffic.seen == set()


def test_what_the_recorder_has_forgotten_is_counted_all_the_same(graph: ApplicationGraph) -> None:
    recorder = FlowRecorder(capacity=1)
    recorder.record([_event("A", "a1"), _command("Ship", "b1"), _event("A", "a2"), _command("Pay", "a1")])

    traffic, news = EdgeTraffic(graph), FlowReader(recorder).look(10)
    traffic.look(news.routes, news.steps)

    assert traffic.passed[EdgeEnds("A", "Saga.on_a")] == Passed(2, 0)
    assert traffic.passed[EdgeEnds("Saga.on_b", "Ship")] == Passed(1, 0)
    assert B not in traffic.seen


def test_names_of_causes_are_kept_in_bounds(graph: ApplicationGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recq_nb.flow.edge_traffic.REMEMBERED", 3)
    traffic = EdgeTraffic(graph)

    def events() -> Iterator[FlowStep]:
        for number in range(50):
            yield _event("A", f"a{number}")

    look(traffic, list(events()))
    look(traffic, [_command("Pay", "a49"), _command("Pay", "a1")])

    assert len(traffic._names) <= 3
    assert traffic.passed[EdgeEnds("A", "Saga.on_a")] == Passed(50, 0)
    assert traffic.passed[A] == Passed(1, 0)


def test_a_rate_is_taken_between_two_looks_and_comes_to_rest() -> None:
    rates = EdgeRates()

    assert rates.look(10.0, {A: 4}) == {}
    assert rates.look(10.1, {A: 9}) == {}
    assert rates.look(12.0, {A: 9, B: 1}) == {A: 2.5, B: 0.5}
    assert rates.are_moving
    assert rates.look(13.0, {A: 9, B: 1}) == {A: 0.0, B: 0.0}
    assert not rates.are_moving
