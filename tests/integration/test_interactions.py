"""Recorded flows laid over the declared graph: shipped notebooks do nothing that their source does not declare."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from recq_nb import CommandGateway, Session, event_handler, observer
from recq_nb.flow.interactions import Interaction, InteractionEdge
from tests.domains import order_stock_payment as shop
from tests.integration.notebook_shell import Notebook

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))
COMPONENTS = (shop.Order, shop.Stock, shop.Account, shop.Checkout, shop.HoldExpiry)
SENT_BY_CHECKOUT = {
    "StockReserveCommand": True,
    "AccountChargeCommand": True,
    "OrderConfirmCommand": True,
    "StockReleaseCommand": False,
    "OrderRejectCommand": False,
    "AccountRefundCommand": False,
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_does_nothing_that_its_source_does_not_declare(
    notebook: Notebook, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    edges: set[InteractionEdge] = set()  # of every session the notebook makes
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            outcome = notebook.run(cell.source, cell_id=cell.id)
            assert outcome.error is None or "raises-exception" in cell.metadata.get("tags", [])
            if "recq" in notebook and not notebook.session.closed:
                edges.update(notebook.session.interactions())

    assert any(edge.declared and edge.seen for edge in edges)
    assert [edge for edge in edges if edge.seen and not edge.declared] == []


def test_what_is_declared_and_was_never_tried_is_told_from_what_happened() -> None:
    with Session() as session:
        session.register(*COMPONENTS)
        session.send(shop.StockOpenCommand(item_id="I", units=5)).result()
        session.send(shop.AccountOpenCommand(account_id="A", money=50)).result()
        place = shop.OrderPlaceCommand(order_id="O", item_id="I", account_id="A", units=1, price=5)
        session.send(place).result()
        session.settled().result()

        edges = session.interactions()
        frame = session.interactions_df()

    sent = {
        edge.payload: edge.seen
        for edge in edges
        if (edge.component, edge.interaction) == ("Checkout", Interaction.SENDS)
    }
    assert sent == SENT_BY_CHECKOUT
    assert all(edge.declared for edge in edges)
    assert list(frame.columns) == ["component", "interaction", "payload", "declared", "seen"]
    assert len(frame) == len(edges)


@observer(start="first")
class Hider:
    @event_handler
    async def opened(self, event: shop.StockOpenedEvent, commands: CommandGateway) -> None:
        hidden = getattr(shop, "AccountOpen" + "Command")
        await commands.send(hidden(account_id=event.item_id, money=1))


def test_what_the_source_hides_is_seen_and_not_declared() -> None:
    with Session() as session:
        session.register(*COMPONENTS, Hider)
        session.send(shop.StockOpenCommand(item_id="I", units=5)).result()
        session.settled().result()

        edges = session.interactions()

    assert [edge for edge in edges if not edge.declared] == [
        InteractionEdge("Hider", Interaction.SENDS, "AccountOpenCommand", declared=False, seen=True)
    ]


def test_what_was_seen_is_not_forgotten_with_the_hops() -> None:
    with Session() as session:
        session.register(*COMPONENTS)
        session.recorder.__init__(capacity=2)  # type: ignore[misc]  # as if a day had passed
        session.send(shop.StockOpenCommand(item_id="I", units=5)).result()
        session.send(shop.AccountOpenCommand(account_id="A", money=5)).result()
        session.settled().result()

        seen = {(edge.component, edge.payload) for edge in session.interactions() if edge.seen}

    assert ("Stock", "StockOpenedEvent") in seen
