"""Recorded flows of real sessions: the tree, the arrows, and text nobody can break out of."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from recq_nb import AggregateId, Rejection, RequestTimeoutError, ServiceCommand, Session, command_handler, service
from recq_nb.flow.flow_graph import FlowGraph, MessageKind
from recq_nb.flow.sequence import OUTSIDE, STORE, ArrowKind, arrows_of, lifelines_of, to_mermaid
from recq_nb.flow.sequence_picture import to_svg
from recq_nb.ports.flow_listener import FlowStepKind
from tests.domains import order_stock_payment as shop


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(injector={shop.Outbox: shop.Outbox()}) as running:
        running.register(
            shop.Order, shop.Stock, shop.Account, shop.Checkout, shop.NotificationService, shop.OrderObserver
        )
        running.send(shop.StockOpenCommand(item_id="milk", units=5)).result()
        running.send(shop.AccountOpenCommand(account_id="ada", money=15)).result()
        yield running


def place(session: Session, order_id: str, price: int = 10) -> FlowGraph:
    placed = session.send(
        shop.OrderPlaceCommand(order_id=order_id, item_id="milk", account_id="ada", units=1, price=price)
    ).result()
    session.settled().result()
    return session.recorded(placed)


def names(graph: FlowGraph) -> list[str]:
    return [node.message.name for node in graph.nodes()]


def test_one_command_and_everything_it_caused_is_one_tree(session: Session) -> None:
    graph = place(session, "O1")
    (root,) = graph.roots
    assert root.message.name == "OrderPlaceCommand"
    assert names(graph) == [
        "OrderPlaceCommand",
        "OrderPlacedEvent",
        "StockReserveCommand",
        "StockReservedEvent",
        "AccountChargeCommand",
        "AccountChargedEvent",
        "OrderConfirmCommand",
        "OrderConfirmedEvent",
        "NotificationSendCommand",
    ]


def test_a_node_says_who_handled_it_and_how_it_ended(session: Session) -> None:
    graph = place(session, "O1", price=100)
    charge = next(node for node in graph.nodes() if node.message.name == "AccountChargeCommand")
    assert (charge.component, charge.handler, charge.end, charge.outcome) == (
        "Account",
        "charge",
        FlowStepKind.REJECTED,
        "account.insufficient",
    )
    assert charge.kind is MessageKind.COMMAND
    assert charge.duration_ns is not None
    assert charge.duration_ns >= charge.handler_ns > 0


def test_an_event_says_who_consumed_it(session: Session) -> None:
    graph = place(session, "O1")
    confirmed = next(node for node in graph.nodes() if node.message.name == "OrderConfirmedEvent")
    assert {(done.component, done.handler, done.outcome) for done in confirmed.consumptions} == {
        ("Checkout", "confirmed", ""),
        ("OrderObserver", "confirmed", ""),
    }


def test_the_edges_seen_are_those_the_components_declare(session: Session) -> None:
    assert place(session, "O1").edges() == {
        ("Order", "publishes", "OrderPlacedEvent"),
        ("Checkout", "consumes", "OrderPlacedEvent"),
        ("Checkout", "sends", "StockReserveCommand"),
        ("Stock", "publishes", "StockReservedEvent"),
        ("Checkout", "sends", "AccountChargeCommand"),
        ("Account", "publishes", "AccountChargedEvent"),
        ("Checkout", "sends", "OrderConfirmCommand"),
        ("Order", "publishes", "OrderConfirmedEvent"),
        ("Checkout", "consumes", "OrderConfirmedEvent"),
        ("OrderObserver", "consumes", "OrderConfirmedEvent"),
        ("OrderObserver", "sends", "NotificationSendCommand"),
    }


def test_the_tree_as_text_is_indented_by_cause(session: Session) -> None:
    lines = [re.sub(r"\d+\.\d ms", "… ms", line) for line in place(session, "O1", price=100).tree().splitlines()]
    assert lines[:5] == [
        "command OrderPlaceCommand → Order.place replied in … ms",
        "  event OrderPlacedEvent by Order",
        "    consumed by Checkout.placed done in … ms",
        "    command StockReserveCommand → Stock.reserve replied in … ms",
        "      event StockReservedEvent by Stock",
    ]
    assert "    command AccountChargeCommand → Account.charge rejected (account.insufficient) in … ms" in lines


def test_arrows_are_in_the_order_of_time_and_events_go_through_the_store(session: Session) -> None:
    arrows = arrows_of(place(session, "O1"))
    assert [arrow.time_ns for arrow in arrows] == sorted(arrow.time_ns for arrow in arrows)
    assert lifelines_of(arrows)[:4] == [OUTSIDE, "Order", STORE, "Checkout"]
    first, second = arrows[0], arrows[1]
    assert (first.source, first.target, first.kind) == (OUTSIDE, "Order", ArrowKind.REQUEST)
    assert (second.source, second.target, second.kind) == ("Order", STORE, ArrowKind.EVENT)


class HostileCommand(ServiceCommand):
    text: AggregateId


HOSTILE = '</title><script>alert("x")</script>;\n  p0->>p0: "injected" %% #quot; <b>'


@service
class HostileService:
    @command_handler
    def do(self, command: HostileCommand) -> None:
        raise Rejection(HOSTILE, "no")


def test_hostile_text_stays_text_in_every_picture() -> None:
    with Session() as session:
        session.register(HostileService)
        with pytest.raises(Rejection):
            session.send(HostileCommand(text=HOSTILE)).result()
        graph = session.recorded()

    svg = to_svg(graph)
    ET.fromstring(svg)
    assert "<script" not in svg
    mermaid = to_mermaid(graph)
    assert len(mermaid.splitlines()) == 1 + 2 + 2
    assert "<" not in mermaid
    assert "p0->>p0" not in mermaid


def test_an_empty_flow_teaches_how_to_fill_it() -> None:
    with Session() as session:
        graph = session.recorded()
    assert "recq.send(" in repr(graph)
    assert "recq.send(" in to_svg(graph)


class SlowCommand(ServiceCommand):
    pass


@service
class SlowService:
    def __init__(self, released: threading.Event) -> None:
        self._released = released

    @command_handler
    def do(self, _command: SlowCommand) -> None:
        self._released.wait(10)


def test_a_sender_that_gave_up_waiting_is_recorded_with_the_late_outcome() -> None:
    released = threading.Event()
    with Session(injector={threading.Event: released}) as session:
        session.register(SlowService)
        with pytest.raises(RequestTimeoutError):
            session.send(SlowCommand(), timeout=0.05).result()
        released.set()
        session.settled().result()
        session.recorded()
        kinds = [step.kind for step in session.recorder.since(0)[1]]
    assert kinds == [FlowStepKind.SENT, FlowStepKind.TIMED_OUT, FlowStepKind.REPLIED]


def test_recorded_steps_are_a_table_for_sql(session: Session) -> None:
    place(session, "O1", price=100)
    rows = session.sql(
        "SELECT hop, component, handler, outcome FROM recq.messages WHERE name = 'AccountChargeCommand' ORDER BY step"
    ).rows()
    assert rows == [("sent", "", "", ""), ("rejected", "Account", "charge", "account.insufficient")]


def test_a_session_told_not_to_record_remembers_nothing() -> None:
    with Session(record=False) as session:
        session.register(shop.Stock)
        session.send(shop.StockOpenCommand(item_id="milk", units=5)).result()
        assert session.recorder.since(0) == (1, [])
