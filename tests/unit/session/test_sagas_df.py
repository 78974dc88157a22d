"""The dataframe of saga instances."""

from __future__ import annotations

import json

from recq_nb import Session
from recq_nb.testing.clock import ManualClock
from tests.domains.order_stock_payment import HoldExpiry, Order, Stock, StockOpenCommand, StockReserveCommand


def test_a_waiting_saga_is_a_row_with_what_finds_it_and_what_it_remembers() -> None:
    with Session(clock=ManualClock()) as session:
        session.register(Order, Stock, HoldExpiry)
        session.send(StockOpenCommand(item_id="ITEM_1", units=1)).result()
        session.send(StockReserveCommand(item_id="ITEM_1", order_id="ORDER_1", units=1)).result()
        session.settled().result()

        (row,) = session.sagas_df().to_dict("records")

    assert (row["saga_name"], row["associations"]) == ("HoldExpiry", {"order_id": "ORDER_1"})
    assert json.loads(row["state"])["item_id"] == "ITEM_1"


def test_without_sagas_it_is_empty_and_has_its_columns() -> None:
    with Session() as session:
        frame = session.sagas_df()

    assert (len(frame), list(frame.columns)) == (0, ["saga_id", "saga_name", "associations", "state"])
