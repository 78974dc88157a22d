"""A component that others need is away for a while: they wait, say why, and finish once it is back."""

from __future__ import annotations

import pytest

from recq_nb import Session
from recq_nb.runtime.consumer_status import ConsumerHealth
from recq_nb.testing.clock import ManualClock
from tests.domains.order_ledger import audit
from tests.domains.order_stock_payment import (
    Account,
    AccountOpenCommand,
    Checkout,
    NotificationService,
    Order,
    OrderObserver,
    OrderPlaceCommand,
    Outbox,
    Stock,
    StockOpenCommand,
)
from tests.waiting import pass_time, wait_for_health, wait_until

COMPONENTS = (Order, Stock, Account, Checkout, NotificationService, OrderObserver)
ORDERS = 8


@pytest.mark.parametrize("seconds", [2, 15, 60])
@pytest.mark.parametrize(
    ("away", "stalled", "needed"),
    [
        (Account, "Checkout", "AccountChargeCommand"),
        (Stock, "Checkout", "StockReserveCommand"),
        (NotificationService, "OrderObserver", "NotificationSendCommand"),
    ],
)
def test_every_saga_and_observer_finishes_after_an_absence(
    away: type, stalled: str, needed: str, seconds: float
) -> None:
    clock, outbox = ManualClock(), Outbox()
    with Session(clock=clock, injector={Outbox: outbox}) as session:
        session.register(*COMPONENTS)
        session.send(StockOpenCommand(item_id="ITEM", units=6)).result()
        session.send(AccountOpenCommand(account_id="ACCOUNT", money=40)).result()
        session.unregister(away.__name__)

        for number in range(ORDERS):
            session.send(
                OrderPlaceCommand(order_id=f"ORDER_{number}", item_id="ITEM", account_id="ACCOUNT", units=1, price=9)
            ).result()
        wait_for_health(session, stalled, ConsumerHealth.STALLED)
        waiting = ORDERS if stalled == "OrderObserver" else 1
        pass_time(clock, seconds, step=0.5, sleepers=waiting)

        (row,) = session.consumers_df().query(f"component == '{stalled}'").to_dict("records")
        assert (row["health"], row["lag"] > 0, row["attempts"] > 1) == ("stalled", True, True)
        assert row["reason"].startswith(f"NoHandlerError: nobody handles {needed} now.")
        assert len(session.dead_events_df()) == 0

        session.register(away)  # what waits for it tries again at once, though the clock stands still
        session.settled().result()

        ledger = audit(session)
        ledger.check_closed()
        assert sorted(ledger.orders.values()) == ["account.insufficient"] * 4 + ["confirmed"] * 4
        assert sorted(order_id for order_id, _ in outbox.sent) == sorted(ledger.orders)
        assert (len(session.sagas_df()), len(session.dead_events_df())) == (0, 0)
        assert {status.health for status in session.consumer_statuses()} == {ConsumerHealth.RUNNING}


def test_what_waited_for_a_component_goes_on_by_itself_when_an_outage_ends_without_a_registration() -> None:
    clock = ManualClock()

    class Closed(Outbox):
        open = False

        def __init__(self) -> None:
            super().__init__()
            self.tries = 0

    outbox = Closed()

    class Post(list[tuple[str, str]]):
        def append(self, entry: tuple[str, str]) -> None:
            outbox.tries += 1
            if not outbox.open:
                raise ConnectionRefusedError("the mail server is away")
            super().append(entry)

    outbox.sent = Post()
    with Session(clock=clock, injector={Outbox: outbox}) as session:
        session.register(*COMPONENTS)
        session.send(StockOpenCommand(item_id="ITEM", units=1)).result()
        session.send(AccountOpenCommand(account_id="ACCOUNT", money=9)).result()
        session.send(
            OrderPlaceCommand(order_id="ORDER", item_id="ITEM", account_id="ACCOUNT", units=1, price=9)
        ).result()
        status = wait_for_health(session, "OrderObserver", ConsumerHealth.STALLED)
        assert status.reason == "ConnectionRefusedError: the mail server is away"
        pass_time(clock, 60, step=0.5)
        tried = outbox.tries

        outbox.open = True
        clock.advance(31)
        wait_until(session, lambda: bool(outbox.sent))
        session.settled().result()

        assert tried > 5
        assert (list(outbox.sent), len(session.dead_events_df())) == ([("ORDER", "confirmed")], 0)
