"""Two hundred orders at once against scarce stock and money."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from recq_nb import Session
from recq_nb.testing.clock import ManualClock
from tests.domains.order_board import OrderBoard
from tests.domains.order_ledger import audit
from tests.domains.order_stock_payment import (
    Account,
    AccountOpenCommand,
    Checkout,
    HoldExpiry,
    NotificationService,
    Order,
    OrderObserver,
    OrderPlaceCommand,
    Outbox,
    Stock,
    StockOpenCommand,
)

ORDERS = 200


@pytest.mark.parametrize("seed", [1, 2])
def test_of_200_concurrent_orders_none_is_oversold_double_charged_or_left_undecided(seed: int) -> None:
    chance = random.Random(seed)
    outbox = Outbox()
    places = [
        OrderPlaceCommand(
            order_id=f"ORDER_{number}",
            item_id=f"ITEM_{chance.randrange(4)}",
            account_id=f"ACCOUNT_{chance.randrange(6)}",
            units=chance.randint(1, 3),
            price=chance.randint(1, 20),
        )
        for number in range(ORDERS)
    ]
    with Session(injector={Outbox: outbox}, clock=ManualClock()) as session:
        session.register(Order, Stock, Account, Checkout, HoldExpiry, NotificationService, OrderObserver, OrderBoard)
        for number in range(4):
            session.send(StockOpenCommand(item_id=f"ITEM_{number}", units=60)).result()
        for number in range(6):
            session.send(AccountOpenCommand(account_id=f"ACCOUNT_{number}", money=220)).result()

        for reply in [session.send(place) for place in places]:
            reply.result()
        session.settled(60).result()

        ledger = audit(session)
        statuses = Counter(ledger.orders.values())
        shown = session.sql("SELECT order_id, status FROM order_row").rows()
        charged = session.sql("SELECT account_id, charged FROM account_row").rows()
        charges = session.sql("SELECT sum(charges) FROM account_row").rows()
        dead, sagas, schedules = session.dead_events_df(), session.sagas_df(), session.scheduled_df()
        log = session.sql("SELECT sequence_number, event_name, command_id, payload FROM recq.events ORDER BY 1").df()

    ledger.check_closed()
    assert len(ledger.orders) == ORDERS
    assert {"confirmed", "stock.short", "account.insufficient"} == statuses.keys(), "both must have been scarce"
    decisions = {(order_id, status) for order_id, status in ledger.orders.items()}
    assert Counter(outbox.sent) == dict.fromkeys(decisions, 1)
    assert set(shown) == set(ledger.orders.items())
    assert set(charged) == {(name, sum(account.taken.values())) for name, account in ledger.accounts.items()}
    assert charges == [(statuses["confirmed"],)]
    left = [orders["order_id"] for orders in sagas["associations"]]
    story = log[[any(f'"{order_id}"' in payload for order_id in left) for payload in log["payload"]]]
    assert (len(dead), len(sagas), len(schedules)) == (0, 0, 0), f"{sagas}\n{schedules}\n{dead}\n{story.to_string()}"
