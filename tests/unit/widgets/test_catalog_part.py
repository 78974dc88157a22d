"""The catalog part: who makes and who handles what, measurements, schemas, and a static twin that escapes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

from recq_nb import DomainEvent, Metadata, RecqError, Session
from recq_nb.flow.recorder import FlowRecorder
from recq_nb.modeling.message import EventMessage
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind
from recq_nb.widgets.catalog_part import CatalogPart, part_for
from recq_nb.widgets.handler_metrics import HandlerMetrics
from recq_nb.widgets.protocol.catalog import CatalogBody, CatalogMetric
from recq_nb.widgets.protocol.envelope import Body
from tests.domains import order_stock_payment as shop


class NoteAddedEvent(DomainEvent):
    """An <img src=x onerror=alert(1)> in a docstring."""

    text: str


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(injector={shop.Outbox: shop.Outbox()}) as session:
        yield session


@pytest.fixture
def part(session: Session) -> CatalogPart:
    session.register(shop)
    return part_for(session)


def _catalog(body: Body | None) -> CatalogBody:
    assert body is not None
    assert body["kind"] == "catalog"
    return cast("CatalogBody", body)


def test_a_payload_names_who_makes_and_who_handles_it(part: CatalogPart) -> None:
    payloads = {payload["name"]: payload for payload in _catalog(part.snapshot())["payloads"]}

    placed = payloads["OrderPlacedEvent"]
    assert (placed["kind"], placed["domain"]) == ("domain event", "Order")
    assert placed["producers"] == ["Order.place"]
    assert placed["handlers"] == ["Order.placed", "Checkout.placed"]
    assert {"name": "units", "type": "int", "default": None} in placed["fields"]


def test_a_component_belongs_to_the_aggregate_or_service_its_name_starts_with(part: CatalogPart) -> None:
    domains = {one["name"]: one["domain"] for one in _catalog(part.snapshot())["components"]}

    assert domains == {
        "Order": "Order",
        "Stock": "Stock",
        "Account": "Account",
        "Checkout": "",
        "NotificationService": "Notification",
        "OrderObserver": "Order",
        "HoldExpiry": "",
    }


def test_there_is_news_only_when_the_model_or_a_measurement_changes(session: Session, part: CatalogPart) -> None:
    part.snapshot()
    assert part.delta() is None

    session.register(NoteAddedEvent)

    assert "NoteAddedEvent" in {payload["name"] for payload in _catalog(part.delta())["payloads"]}
    assert part.delta() is None


def test_what_is_no_longer_registered_is_gone_though_its_source_is_still_there(
    session: Session, part: CatalogPart
) -> None:
    session.unregister("Checkout")

    catalog = _catalog(part.snapshot())

    assert "Checkout" not in {component["name"] for component in catalog["components"]}
    payloads = {payload["name"]: payload for payload in catalog["payloads"]}
    assert payloads["OrderPlacedEvent"]["handlers"] == ["Order.placed"]


def test_what_handlers_did_is_measured(session: Session, part: CatalogPart) -> None:
    session.send(shop.StockOpenCommand(item_id="tea", units=3)).result()
    session.settled().result()

    metric = _catalog(part.snapshot())["metrics"]["Stock.open"]
    assert (metric["count"], metric["failed"]) == (1, 0)
    assert metric["p95"] > 0


def test_counts_rates_and_percentiles_follow_from_the_steps() -> None:
    recorder = FlowRecorder()
    metrics = HandlerMetrics(recorder)
    happened = datetime(2026, 1, 1, tzinfo=UTC)
    event = NoteAddedEvent(text="")
    message = EventMessage(1, "m", "c", "m", "NoteAddedEvent", event, Metadata(), happened, "Note", "n", 1, "default")
    metrics.look(0.0)

    recorder.record(
        [
            FlowStep(
                FlowStepKind.FAILED if number == 7 else FlowStepKind.CONSUMED,
                0,
                message,
                component="Orders",
                handler="placed",
                handler_ns=number * 1_000_000,
                outcome="ValueError: no" if number == 7 else "",
            )
            for number in range(1, 101)
        ]
    )
    metrics.look(2.0)

    expected: CatalogMetric = {"count": 100, "failed": 1, "rate": 50.0, "p50": 50.0, "p95": 95.0}
    assert metrics.all() == {"Orders.placed": expected}


def test_a_schema_is_pydantics_own(part: CatalogPart) -> None:
    answers: list[Body] = []

    part.receive({"kind": "schema", "name": "StockOpenCommand"}, answers.append)

    assert answers[0]["kind"] == "schema"
    assert '"item_id"' in str(answers[0]["text"])


def test_a_schema_of_an_unknown_payload_is_refused(part: CatalogPart) -> None:
    with pytest.raises(RecqError, match=r"Nothing is no registered payload\."):
        part.receive({"kind": "schema", "name": "Nothing"}, lambda _: None)


def test_the_static_twin_escapes_what_the_modeller_wrote(session: Session, part: CatalogPart) -> None:
    session.register(NoteAddedEvent)

    picture = part.picture()

    assert "<img" not in picture.html
    assert "&lt;img" in picture.html
    assert "domain event NoteAddedEvent: text: str" in picture.text


def test_an_empty_model_teaches_what_to_do(session: Session) -> None:
    assert "%%recq_payload" in part_for(session).picture().html
