"""What can be seen of orders, and whether everything taken together is right."""

from __future__ import annotations

from recq_nb import Key, ReadModel, Table, event_handler, projector
from tests.domains.order_stock_payment import (
    AccountChargedEvent,
    AccountOpenedEvent,
    OrderConfirmedEvent,
    OrderPlacedEvent,
    OrderRejectedEvent,
)


class OrderRow(ReadModel):
    order_id: Key[str]
    status: str


class AccountRow(ReadModel):
    account_id: Key[str]
    charges: int
    charged: int


@projector(version=1)
class OrderBoard:
    """The status of each order, and sums that a second look at the same event would spoil."""

    @event_handler
    def placed(self, event: OrderPlacedEvent, orders: Table[OrderRow]) -> None:
        orders.upsert(OrderRow(order_id=event.order_id, status="placed"))

    @event_handler
    def confirmed(self, event: OrderConfirmedEvent, orders: Table[OrderRow]) -> None:
        orders.update(event.order_id, status="confirmed")

    @event_handler
    def rejected(self, event: OrderRejectedEvent, orders: Table[OrderRow]) -> None:
        orders.update(event.order_id, status=event.reason)

    @event_handler
    def opened(self, event: AccountOpenedEvent, accounts: Table[AccountRow]) -> None:
        accounts.upsert(AccountRow(account_id=event.account_id, charges=0, charged=0))

    @event_handler
    def charged(self, event: AccountChargedEvent, accounts: Table[AccountRow]) -> None:
        row = accounts.get(event.account_id)
        assert row is not None
        accounts.update(event.account_id, charges=row.charges + 1, charged=row.charged + event.amount)
