"""The graph and performance parts: declared and seen, pulses, and measurements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from recq_nb import RecqError, Session
from recq_nb.widgets.graph_part import GraphPart
from recq_nb.widgets.part import BURST_REST_SECONDS
from recq_nb.widgets.performance_part import EMPTY, PerformancePart
from recq_nb.widgets.protocol.envelope import Body
from recq_nb.widgets.protocol.graph import EdgeFacts, GraphModel, GraphNews
from tests.domains import order_stock_payment as shop


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as made:
        made.register(shop.Order, shop.Stock, shop.Account, shop.Checkout)
        yield made


def _open_stock(session: Session, item: str) -> None:
    session.send(shop.StockOpenCommand(item_id=item, units=1)).result()
    session.settled().result()
    session.recorded()


def _facts(body: Body | None) -> dict[tuple[str, str], EdgeFacts]:
    assert body is not None
    return {(one["source"], one["target"]): one for one in cast("GraphNews", body)["traffic"]}


def test_a_model_says_which_declared_edges_were_seen(session: Session) -> None:
    _open_stock(session, "I")
    part = GraphPart(session)

    body = cast("GraphModel", part.snapshot())

    assert {(one["source"], one["target"]) for one in body["edges"] if one["seen"]} == {
        ("StockOpenCommand", "Stock.open"),
        ("Stock.open", "StockOpenedEvent"),
    }
    assert all(one["declared"] for one in body["edges"])
    assert {one["kind"] for one in body["edges"]} == {"handles", "publishes", "consumes", "sends"}
    assert 'data-node="Checkout.placed"' in body["pictures"][0]["svg"]
    opened = _facts(cast("Body", body))["StockOpenCommand", "Stock.open"]
    assert (opened["count"], opened["failed"], opened["lag"]) == (1, 0, 0)
    assert 0 < opened["p50"] <= opened["p95"]


def test_news_are_traffic_and_a_redefinition_is_a_new_model(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recq_nb.widgets.graph_part.LOOK_SECONDS", 0)
    part = GraphPart(session)
    part.snapshot()
    nothing = part.delta()
    _open_stock(session, "I")

    news = part.delta()
    session.register(shop.HoldExpiry)
    part.picture()
    model = part.delta()

    assert nothing is None
    assert news is not None
    assert news["edges"] is not None
    assert _facts(news)["Stock.open", "StockOpenedEvent"]["count"] == 1
    assert model is not None
    assert model["kind"] == "model"
    assert _facts(model)["Stock.open", "StockOpenedEvent"]["count"] == 1
    with pytest.raises(RecqError, match="knows no intent"):
        part.receive({"kind": "dance"}, lambda _body: None)


def test_a_burst_is_told_less_often(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recq_nb.widgets.graph_part.LOOK_SECONDS", 0)
    monkeypatch.setattr("recq_nb.widgets.graph_part.BURST", 10)
    part = GraphPart(session)
    part.snapshot()
    rests = []
    for items in ("A", "BCDEF", "G"):
        for item in items:
            _open_stock(session, item)
        session.recorded()
        assert part.delta() is not None
        rests.append(part.rest_seconds)

    assert rests == [0.0, BURST_REST_SECONDS, 0.0]


def test_what_is_refused_is_counted_at_both_ends(session: Session) -> None:
    for command in (
        shop.StockOpenCommand(item_id="I", units=1),
        shop.AccountOpenCommand(account_id="A", money=5),
        shop.OrderPlaceCommand(order_id="O1", item_id="I", account_id="A", units=1, price=5),
        shop.OrderPlaceCommand(order_id="O2", item_id="I", account_id="A", units=1, price=5),
    ):
        session.send(command).result()
        session.settled().result()
    session.recorded()

    facts = _facts(GraphPart(session).snapshot())

    assert facts["Checkout.placed", "StockReserveCommand"]["count"] == 2
    assert facts["Checkout.placed", "StockReserveCommand"]["failed"] == 1
    assert facts["StockReserveCommand", "Stock.reserve"]["failed"] == 1


def test_the_picture_that_stays_says_on_its_edges_what_the_live_one_does(session: Session) -> None:
    part = GraphPart(session)
    before = part.picture()
    for _ in range(2):
        session.send(shop.StockOpenCommand(item_id="I", units=1)).exception()
    session.settled().result()
    session.recorded()

    after = part.picture()
    live = _facts(part.snapshot())

    refused = live["StockOpenCommand", "Stock.open"] | {"rate": 0.0}
    assert refused["label"].endswith("1 failed")
    assert "2\N{MULTIPLICATION SIGN} 1 failed</text>" in after.html
    assert "1\N{MULTIPLICATION SIGN}</text>" in after.html, "one event was published"
    assert "StockOpenCommand handles Stock.open: 2\N{MULTIPLICATION SIGN} 1 failed" in after.text
    assert "\N{MULTIPLICATION SIGN}" not in before.html


def test_lag_stands_on_the_edges_into_the_consumer(session: Session) -> None:
    (checkout,) = [one for one in session.consumer_statuses() if one.component == "Checkout"]
    session.pause(checkout.consumer_id)
    session.send(shop.OrderPlaceCommand(order_id="O", item_id="I", account_id="A", units=1, price=5)).result()
    session.recorded()

    facts = _facts(GraphPart(session).snapshot())

    assert facts["OrderPlacedEvent", "Checkout.placed"]["lag"] == 1
    assert facts["OrderPlacedEvent", "Checkout.placed"]["count"] == 0
    assert facts["OrderPlaceCommand", "Order.place"]["lag"] == 0


def test_performance_is_measured_per_handler_and_said_only_when_it_changes(session: Session) -> None:
    part = PerformancePart(session)
    empty = part.picture()
    part.snapshot()
    nothing = part.delta()
    _open_stock(session, "I")
    with pytest.raises(RecqError):
        session.send(shop.StockReserveCommand(item_id="I", order_id="O", units=5)).result()
    session.recorded()

    news = part.delta()
    rows = {row["handler"]: row for row in session.performance_df().to_dict("records")}

    assert empty.text == EMPTY
    assert nothing is None
    assert news is not None
    assert rows["Stock.open"]["count"] == 1
    assert rows["Stock.reserve"]["failed"] == 1
    assert 0 < rows["Stock.open"]["p50"] <= rows["Stock.open"]["longest"]
    assert "<td>Stock.open</td>" in part.picture().html


def test_a_handler_that_ran_long_ago_keeps_its_count_and_its_times(session: Session) -> None:
    _open_stock(session, "I")
    session.performance_df()
    for reply in [session.send(shop.AccountOpenCommand(account_id=f"A{n}", money=1)) for n in range(2_000)]:
        reply.result()

    rows = {row["handler"]: row for row in session.performance_df().to_dict("records")}

    assert rows["Account.open"]["count"] == 2_000
    assert rows["Stock.open"]["count"] == 1
    assert rows["Stock.open"]["p50"] > 0


def test_another_page_takes_no_news_from_the_first(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recq_nb.widgets.graph_part.LOOK_SECONDS", 0)
    part = GraphPart(session)
    part.snapshot()
    _open_stock(session, "I")
    part.snapshot()

    news = part.delta()

    assert news is not None
    assert news["edges"] is not None
    assert _facts(news)["StockOpenCommand", "Stock.open"]["count"] == 1


def test_only_what_is_registered_is_drawn(session: Session) -> None:
    assert "NotificationService" not in str(GraphPart(session).snapshot()["pictures"])
    assert set(session.catalog_df()["component"]) == {"", "Order", "Stock", "Account", "Checkout"}
