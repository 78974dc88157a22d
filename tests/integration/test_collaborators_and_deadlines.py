"""A collaborator that is away for a while, holds that expire, in the shop."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from recq_nb import DomainCommand, Rejection, Session
from recq_nb.runtime.consumer_status import ConsumerHealth
from recq_nb.testing.clock import ManualClock
from tests.domains import order_stock_payment as shop


def open_shop(session: Session, *, units: int = 5, money: int = 100) -> None:
    session.send(shop.StockOpenCommand(item_id="milk", units=units)).result()
    session.send(shop.AccountOpenCommand(account_id="ada", money=money)).result()


def place(session: Session, order_id: str, price: int = 10) -> None:
    session.send(
        shop.OrderPlaceCommand(order_id=order_id, item_id="milk", account_id="ada", units=1, price=price)
    ).result()


def events_of(session: Session, order_id: str) -> list[str]:
    rows = session.sql(
        "SELECT event_name FROM recq.events WHERE payload->>'order_id' = $1 ORDER BY sequence_number", order_id
    ).rows()
    return [str(name) for (name,) in rows]


@pytest.mark.parametrize("seconds", [2, 15, 60])
def test_a_saga_waits_for_a_collaborator_that_is_away_shows_why_and_then_finishes(seconds: int) -> None:
    clock = ManualClock()
    with Session(clock=clock, injector={shop.Outbox: shop.Outbox()}) as session:
        session.register(shop.Order, shop.Stock, shop.Account, shop.Checkout)
        open_shop(session)
        session.unregister("Account")
        for number in range(3):
            place(session, f"O{number}")

        seen = set()
        for _ in range(seconds * 2):
            clock.wait_for_sleepers()
            (status,) = session.consumer_statuses()
            seen.add((status.health, status.reason.split("\n")[0]))
            clock.advance(0.5)
        session.register(shop.Account)
        while session.consumer_statuses()[0].lag:
            clock.advance(31)
        session.settled().result()

        assert (ConsumerHealth.STALLED, "NoHandlerError: nobody handles AccountChargeCommand now.") in seen
        assert session.dead_events_df().empty
        assert session.sagas_df().empty
        for number in range(3):
            assert events_of(session, f"O{number}") == [
                "OrderPlacedEvent",
                "StockReservedEvent",
                "AccountChargedEvent",
                "OrderConfirmedEvent",
            ]


def test_a_hold_whose_charge_never_comes_expires_also_after_a_restart_and_gives_its_units_back(tmp_path: Path) -> None:
    path, clock = tmp_path / "shop.duckdb", ManualClock()
    with Session(path, clock=clock) as session:
        session.register(shop.Order, shop.Stock, shop.HoldExpiry)
        open_shop_without_accounts(session)
        place(session, "O1")
        session.send(shop.StockReserveCommand(item_id="milk", order_id="O1", units=1)).result()
        session.settled().result()
        assert len(session.scheduled_df()) == 1

    clock.advance(0.5)
    with Session(path, clock=clock) as session:
        session.register(shop.Order, shop.Stock, shop.HoldExpiry)
        session.settled().result()
        assert "OrderRejectedEvent" not in events_of(session, "O1")
        clock.wait_for_sleepers()
        clock.advance(3600)
        wait_until_released(session)
        assert events_of(session, "O1") == [
            "OrderPlacedEvent",
            "StockReservedEvent",
            "OrderRejectedEvent",
            "StockReleasedEvent",
        ]
        assert session.scheduled_df().empty
        assert session.sagas_df().empty


def open_shop_without_accounts(session: Session) -> None:
    session.send(shop.StockOpenCommand(item_id="milk", units=5)).result()


def wait_until_released(session: Session) -> None:
    """Until the units are back: the schedule fires in its own time after the clock has moved."""
    for _ in range(10_000):
        session.settled().result()
        if "StockReleasedEvent" in events_of(session, "O1"):
            return
    pytest.fail(f"the hold did not expire: {session.scheduled_df()}")


def test_of_a_charge_that_lands_while_the_deadline_fires_exactly_one_wins() -> None:
    chance = random.Random(7)

    async def race(session: Session, order_id: str) -> list[str]:
        commands: list[DomainCommand] = [
            shop.OrderConfirmCommand(order_id=order_id),
            shop.OrderRejectCommand(order_id=order_id, reason="hold.expired"),
        ]
        chance.shuffle(commands)
        replies = [session.send(command) for command in commands]
        if chance.random() < 0.5:
            await asyncio.sleep(0)
        outcomes = await asyncio.gather(*(outcome(reply) for reply in replies))
        return sorted(outcomes)

    async def outcome(reply: object) -> str:
        try:
            await reply  # type: ignore[misc]  # a reply
        except Rejection as no:
            return no.code
        return "won"

    with Session() as session:
        session.register(shop.Order)
        open_orders = [f"O{number}" for number in range(100)]
        for order_id in open_orders:
            place(session, order_id)
        for order_id in open_orders:
            assert asyncio.run(race(session, order_id)) == ["order.decided", "won"]
            decided = [name for name in events_of(session, order_id) if name != "OrderPlacedEvent"]
            assert len(decided) == 1
