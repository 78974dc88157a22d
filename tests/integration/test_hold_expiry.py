"""A reservation that is not paid for in time: it ends, gives its units back, and never ends twice."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import random
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from recq_nb import (
    CommandGateway,
    Session,
    aggregate,
    aggregate_command_handler,
    event_sourcing_handler,
)
from recq_nb.testing.clock import START, ManualClock
from tests.domains import order_stock_payment as shop
from tests.domains.order_ledger import audit
from tests.domains.order_stock_payment import (
    Account,
    AccountChargeCommand,
    AccountChargedEvent,
    AccountOpenCommand,
    AccountOpenedEvent,
    AccountState,
    Checkout,
    HoldExpiry,
    Order,
    OrderPlaceCommand,
    Stock,
    StockOpenCommand,
)
from tests.waiting import wait_until

RACES = 100


def silent_account(asked: threading.Semaphore) -> type:
    """The account of a bank that takes charges and never answers."""

    @aggregate
    class Account:
        @aggregate_command_handler(init=True)
        def open(self, command: AccountOpenCommand) -> AccountOpenedEvent:
            return AccountOpenedEvent(account_id=command.account_id, money=command.money)

        @aggregate_command_handler
        async def charge(self, command: AccountChargeCommand, commands: CommandGateway) -> AccountChargedEvent:
            asked.release()
            await asyncio.Event().wait()
            raise AssertionError

        @event_sourcing_handler
        def opened(self, event: AccountOpenedEvent) -> AccountState:
            return AccountState(money=event.money, charged={})

    return Account


def open_shop(session: Session) -> None:
    session.send(StockOpenCommand(item_id="ITEM", units=3)).result()
    session.send(AccountOpenCommand(account_id="ACCOUNT", money=100)).result()


def place(session: Session, order_id: str) -> None:
    session.send(OrderPlaceCommand(order_id=order_id, item_id="ITEM", account_id="ACCOUNT", units=2, price=10)).result()


def events(session: Session) -> list[object]:
    return [row[0] for row in session.sql("SELECT event_name FROM recq.events ORDER BY sequence_number").rows()]


def test_an_order_whose_charge_never_answers_is_rejected_after_its_deadline_and_its_units_are_free() -> None:
    clock, asked = ManualClock(), threading.Semaphore(0)
    with Session(clock=clock) as session:
        session.register(Order, Stock, silent_account(asked), Checkout, HoldExpiry)
        open_shop(session)
        place(session, "ORDER")
        assert asked.acquire(timeout=30)
        wait_until(session, lambda: session._runtime.scheduler._following is not None)

        clock.advance(timedelta(milliseconds=999))
        in_time = events(session)
        clock.advance(timedelta(milliseconds=1))
        wait_until(session, lambda: session._runtime.head == 6)

        assert in_time[2:] == ["OrderPlacedEvent", "StockReservedEvent"]
        ledger = audit(session)
        assert ledger.orders == {"ORDER": "hold.expired"}
        assert (ledger.stock["ITEM"].left, ledger.stock["ITEM"].taken) == (3, {})
        assert ledger.accounts["ACCOUNT"].left == 100


def test_a_deadline_survives_a_restart_in_between(tmp_path: Path) -> None:
    store, asked = tmp_path / "store.duckdb", threading.Semaphore(0)
    with Session(store, clock=ManualClock()) as session:
        session.register(Order, Stock, silent_account(asked), Checkout, HoldExpiry)
        open_shop(session)
        place(session, "ORDER")
        assert asked.acquire(timeout=30)
        wait_until(session, lambda: session._runtime.scheduler._following is not None)

    later = ManualClock(START + timedelta(milliseconds=500))
    with Session(store, clock=later) as session:
        session.register(Order, Stock, silent_account(asked), Checkout, HoldExpiry)
        assert asked.acquire(timeout=30)
        assert audit(session).orders == {"ORDER": "placed"}
        later.advance(timedelta(milliseconds=500))
        wait_until(session, lambda: session._runtime.head == 6)
        assert audit(session).orders == {"ORDER": "hold.expired"}

    with Session(store, clock=later) as session:  # the bank is back: the charge lands, and is given back
        session.register(Order, Stock, Account, Checkout, HoldExpiry)
        session.settled().result()

        ledger = audit(session)
        ledger.check_closed()
        assert ledger.orders == {"ORDER": "hold.expired"}
        assert events(session)[-2:] == ["AccountChargedEvent", "AccountRefundedEvent"]
        assert (len(session.sagas_df()), len(session.dead_events_df()), len(session.scheduled_df())) == (0, 0, 0)


@pytest.mark.slow
def test_a_charge_that_lands_while_the_deadline_fires_ends_one_way_or_the_other() -> None:
    clock, chance = ManualClock(), random.Random(20300101)
    arrivals = asyncio.Semaphore(0)

    @aggregate
    class Account(shop.Account):
        @aggregate_command_handler(remember_rejections=True)
        async def charge(  # type: ignore[override]  # one that takes its time
            self, command: AccountChargeCommand, state: AccountState, commands: CommandGateway
        ) -> AccountChargedEvent:
            await arrivals.acquire()
            for _ in range(chance.randrange(2_000)):
                await asyncio.sleep(0)
            return AccountChargedEvent(account_id=command.account_id, order_id=command.order_id, amount=command.amount)

    outcomes: list[str] = []
    with Session(clock=clock) as session:
        session.register(Order, Stock, Account, Checkout, HoldExpiry)
        session.send(StockOpenCommand(item_id="ITEM", units=2 * RACES)).result()
        session.send(AccountOpenCommand(account_id="ACCOUNT", money=10 * RACES)).result()

        for number in range(RACES):
            place(session, f"ORDER_{number}")
            wait_until(session, lambda: session._runtime.scheduler._following is not None)
            deadline_first = chance.random() < 0.5
            if deadline_first:
                clock.advance(1)
            session._runtime.engine.post(arrivals.release)
            if not deadline_first:
                clock.advance(1)
            session.settled().result()

            outcomes.append(audit(session).orders[f"ORDER_{number}"])

        ledger = audit(session)
        left = len(session.sagas_df()), len(session.dead_events_df()), len(session.scheduled_df())

    ledger.check_closed()
    assert left == (0, 0, 0)
    assert set(outcomes) == {"confirmed", "hold.expired"}, "both must have won some of the races"
