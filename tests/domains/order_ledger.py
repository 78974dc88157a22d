"""The books of orders, stock and payment, kept from the log alone and checked after every event."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from recq_nb import Session

Payload = dict[str, str]


@dataclass
class Holder:
    """A stock of units or an account of money: what it was opened with, what is left, what each order has of it."""

    opened: int
    left: int
    taken: dict[str, int] = field(default_factory=dict)

    def take(self, order_id: str, amount: int) -> None:
        assert order_id not in self.taken, f"{order_id} took twice"
        assert 0 < amount <= self.left, f"{order_id} took {amount} of {self.left}"
        self.taken[order_id] = amount
        self.left -= amount

    def give_back(self, order_id: str, amount: int) -> None:
        assert self.taken.pop(order_id) == amount
        self.left += amount

    def check(self) -> None:
        assert self.left >= 0
        assert self.left + sum(self.taken.values()) == self.opened


@dataclass
class Ledger:
    """Where every unit and all money is, and what became of each order."""

    stock: dict[str, Holder] = field(default_factory=dict)
    accounts: dict[str, Holder] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    placed: dict[str, Payload] = field(default_factory=dict)

    def add(self, name: str, event: Payload) -> None:
        """Book one event; it must keep every rule."""
        if name.startswith("Order"):
            self._decide(name, event)
        elif name.startswith("Stock"):
            self._move(self.stock, event["item_id"], name.removeprefix("Stock"), event, "units")
        else:
            self._move(self.accounts, event["account_id"], name.removeprefix("Account"), event, "amount")
        for holder in (*self.stock.values(), *self.accounts.values()):
            holder.check()

    def _decide(self, name: str, event: Payload) -> None:
        order_id = event["order_id"]
        if name == "OrderPlacedEvent":
            assert order_id not in self.orders
            self.orders[order_id] = "placed"
            self.placed[order_id] = event
            return
        assert self.orders[order_id] == "placed", f"{order_id} was decided twice"
        if name == "OrderConfirmedEvent":
            order = self.placed[order_id]
            assert order_id in self.stock[order["item_id"]].taken, f"{order_id} got what was not reserved for it"
            assert order_id in self.accounts[order["account_id"]].taken, f"{order_id} was confirmed unpaid"
            self.orders[order_id] = "confirmed"
        else:
            assert name == "OrderRejectedEvent"
            self.orders[order_id] = event["reason"]

    @staticmethod
    def _move(holders: dict[str, Holder], holder_id: str, what: str, event: Payload, unit: str) -> None:
        if what == "OpenedEvent":
            amount = int(event["units" if unit == "units" else "money"])
            holders[holder_id] = Holder(amount, amount)
        elif what in ("ReservedEvent", "ChargedEvent"):
            holders[holder_id].take(event["order_id"], int(event[unit]))
        else:
            assert what in ("ReleasedEvent", "RefundedEvent")
            holders[holder_id].give_back(event["order_id"], int(event[unit]))

    def check_closed(self) -> None:
        """Every order is decided, and only the confirmed ones have units and have paid."""
        confirmed = {order_id for order_id, status in self.orders.items() if status == "confirmed"}
        assert "placed" not in self.orders.values()
        assert {order_id for holder in self.stock.values() for order_id in holder.taken} == confirmed
        assert {order_id for holder in self.accounts.values() for order_id in holder.taken} == confirmed


def audit(session: Session) -> Ledger:
    """Book the whole log of a session, one event after the other."""
    ledger = Ledger()
    for name, payload in session.sql("SELECT event_name, payload FROM recq.events ORDER BY sequence_number").rows():
        ledger.add(str(name), json.loads(str(payload)))
    return ledger
