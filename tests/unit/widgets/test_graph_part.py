"""The graph and performance parts: declared and seen, pulses, and measurements."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recq_nb import RecqError, Session
from recq_nb.widgets.graph_part import GraphPart
from recq_nb.widgets.performance_part import EMPTY, PerformancePart
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


def _of(body: object, *names: str) -> object:
    for name in names:
        assert isinstance(body, dict)
        body = body[name]
    return body


def test_a_model_says_what_was_seen_of_what_is_declared(session: Session) -> None:
    _open_stock(session, "I")
    part = GraphPart(session)

    body = part.snapshot()

    interactions = _of(body, "interactions")
    assert isinstance(interactions, list)
    assert {(one["component"], one["payload"]) for one in interactions if one["seen"]} == {
        ("Stock", "StockOpenCommand"),
        ("Stock", "StockOpenedEvent"),
    }
    assert all(one["declared"] for one in interactions)
    assert 'data-node="Checkout.placed"' in str(body["svg"])
    assert _of(body, "metrics", "Stock.open", "count") == 1
    assert _of(body, "lags", "Checkout") == 0


def test_news_are_pulses_and_a_redefinition_is_a_new_model(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recq_nb.widgets.graph_part.LOOK_SECONDS", 0)
    part = GraphPart(session)
    part.snapshot()
    nothing = part.delta()
    _open_stock(session, "I")

    news = part.delta()
    session.register(shop.HoldExpiry)
    model = part.delta()

    assert nothing is None
    assert news is not None
    pulses = news["pulses"]
    assert isinstance(pulses, list)
    assert {"component": "Stock", "payload": "StockOpenCommand", "count": 1, "failed": 0} in pulses
    assert news["interactions"] is not None
    assert model is not None
    assert model["kind"] == "model"
    with pytest.raises(RecqError, match="knows no intent"):
        part.receive({"kind": "dance"}, lambda _body: None)


def test_performance_is_measured_per_handler_and_said_only_when_it_changes(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recq_nb.widgets.performance_part.LOOK_SECONDS", 0)
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
    assert news["interactions"] is not None


def test_only_what_is_registered_is_drawn(session: Session) -> None:
    assert "NotificationService" not in str(GraphPart(session).snapshot()["svg"])
    assert set(session.catalog_df()["component"]) == {"", "Order", "Stock", "Account", "Checkout"}
