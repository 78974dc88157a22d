"""The graph and performance widgets in a real JupyterLab: declared and seen, live, and every control works."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Scratch
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import LOAD, MODEL, RUN_50_TIMES, SEND_WHILE_BUSY

SHOP = """
from tests.domains import order_stock_payment as shop
recq.register(shop.Order, shop.Stock, shop.Account, shop.Checkout, shop.HoldExpiry)
"""
SHOP_TRAFFIC = """
recq.send(shop.StockOpenCommand(item_id="I", units=3)).result()
recq.send(shop.AccountOpenCommand(account_id="A", money=100)).result()
for number in range(6):
    recq.send(shop.OrderPlaceCommand(order_id=f"O{number}", item_id="I", account_id="A", units=1, price=5)).result()
recq.send(shop.AccountOpenCommand(account_id="A", money=100)).exception()
recq.settled().result()
"""
# The edges that have lit up, by where they lead.
NOTE_PULSES = """() => {
  window.recqPulses = new Set();
  new MutationObserver(changes => changes
    .filter(one => one.target.classList.contains('recq-pulse'))
    .forEach(one => window.recqPulses.add(one.target.dataset.target)))
    .observe(document.querySelector('[data-testid=graph-stage]'), { subtree: true, attributeFilter: ['class'] });
}"""
# The height in pixels of the picture's text.
LETTERS = "node => 12 * node.querySelector('[data-node] text').getScreenCTM().a"
HIDER = """%%recq_component
@observer(start="first")
class Hider:
    @event_handler
    async def created(self, event: TodoListCreatedEvent, commands: CommandGateway) -> None:
        if not event.identifier.startswith("H"):
            hidden = globals()["TodoListCreate" + "Command"]
            await commands.send(hidden(identifier="H" + event.identifier, name="hidden"))
"""
WITHOUT_SUBSHELLS = """
from recq_nb.widgets import widget
widget.make_live = lambda comm: False
recq.performance()
"""
SEND = "recq.send(TodoListCreateCommand(identifier='{}', name='n')).result(); recq.settled().result()"


def _what_was_found_is_found_in_every_width(lab: LabPage, name: str) -> None:
    page = lab.page
    stage = page.get_by_test_id("graph-stage")
    size = page.viewport_size or {"width": 1280, "height": 800}
    for width in (size["width"], 700, size["width"]):  # another arrangement, drawn anew
        page.set_viewport_size({"width": width, "height": size["height"]})
        stage.scroll_into_view_if_needed()
        expect(stage.locator(f"[data-node='{name}'].recq-found")).to_be_in_viewport()


@pytest.mark.timeout(240)
def test_a_model_is_drawn_with_its_traffic_and_every_control_works(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(LOAD, SHOP, "recq.graph()", "recq.flow()", WITHOUT_SUBSHELLS))
    lab.run_all()
    page = lab.page
    stage = page.get_by_test_id("graph-stage")
    expect(stage.locator("[data-node='Checkout.placed']")).to_be_visible()
    assert stage.evaluate(LETTERS) >= 10, "at 1280 pixels it can be read as it comes"
    expect(page.get_by_test_id("graph-untried")).to_contain_text("declared, never seen")
    untried = stage.locator("[data-edge].recq-untried")
    before = untried.count()

    page.evaluate(NOTE_PULSES)
    lab.execute(SHOP_TRAFFIC)

    handled = stage.locator("[data-target='Order.place']")
    expect(handled.locator(".recq-graph-badge")).to_contain_text("6\N{MULTIPLICATION SIGN}")
    expect(stage.locator("[data-edge][data-source='Checkout.placed'] .recq-late").first).to_be_attached()
    assert 0 < untried.count() < before
    refused = stage.locator("[data-target='Account.open'] .recq-graph-badge")
    expect(refused).to_contain_text("1 failed")
    assert {"Order.place", "Account.charge", "Checkout.placed"} <= set(page.evaluate("() => [...window.recqPulses]"))
    handled.hover()
    lab.screenshot("graph-edge-light")
    beside = page.get_by_test_id("graph-beside")
    expect(beside).to_contain_text("OrderPlaceCommand \N{RIGHTWARDS ARROW} Order.place")
    expect(beside).to_contain_text("6 messages")
    expect(beside).to_contain_text("p95")
    _edges_are_reached_by_keyboard(lab)
    expect(stage.locator("[data-bundle]")).to_contain_text("bundle of 5 components")
    expect(page.get_by_test_id("graph-hidden")).to_have_count(0)

    stage.locator("[data-node='OrderConfirmCommand']").hover()
    expect(stage.locator("[data-node='Order.confirm']")).to_have_class("recq-on")
    for unrelated in ("Stock.open", "Order.refuse"):
        assert "recq-on" not in (stage.locator(f"[data-node='{unrelated}']").get_attribute("class") or "")
    page.get_by_test_id("graph-search").fill("HoldExpiry.rejected")
    _what_was_found_is_found_in_every_width(lab, "HoldExpiry.rejected")
    page.get_by_test_id("graph-search").fill("nowhere at all")
    expect(page.get_by_test_id("graph-said")).to_contain_text("nothing is called")
    page.get_by_test_id("graph-fit").click()
    stage.locator("[data-node='StockReserveCommand']").dblclick()
    expect(page.get_by_test_id("flow-text")).to_have_value("StockReserveCommand")
    stage.locator("[data-node='Stock.reserve'] text").dblclick()
    expect(page.get_by_test_id("graph-said")).to_contain_text("Stock.reserve")
    expect(page.get_by_test_id("flow-component")).to_have_value("Stock")

    waits = page.get_by_test_id("recq-waits").locator("visible=true")
    expect(waits).to_have_text(["This kernel has no subshells: clicks wait until the running cell ends."])
    _handlers_are_sorted(lab)
    _it_can_be_read_in_every_room(lab)
    assert lab.errors() == []
    assert lab.page_errors == []


def _it_can_be_read_in_every_room(lab: LabPage) -> None:
    page = lab.page
    stage = page.get_by_test_id("graph-stage")
    page.mouse.move(0, 0)
    lab.screenshot("graph-light")
    lab.set_theme("dark")
    lab.screenshot("graph-dark")
    for name, width in (("narrow", 620), ("4k", 3840)):
        page.set_viewport_size({"width": width, "height": 2160})
        expect(page.get_by_test_id("graph-more")).to_have_count(1 if name == "narrow" else 0)
        assert stage.evaluate(LETTERS) >= 10
        lab.screenshot(f"graph-{name}-dark")
        page.get_by_test_id("graph-fit").click()
        expect(page.get_by_test_id("graph-more")).to_have_count(0)


def _edges_are_reached_by_keyboard(lab: LabPage) -> None:
    page = lab.page
    node = page.get_by_test_id("graph-stage").locator("[data-node='Order.place']")
    focused = page.locator("[data-testid=graph-edge]:focus")
    node.focus()
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_attribute("aria-label", re.compile("^OrderPlaceCommand . Order.place, 6 messages, p50"))
    expect(page.get_by_test_id("graph-beside")).to_contain_text("6 messages")
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_attribute("aria-label", re.compile("^Order.place . OrderPlacedEvent, 6 messages"))
    lab.screenshot("graph-edge-keyboard-light")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("flow-text")).to_have_value("OrderPlacedEvent")
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_attribute("data-target", "Order.place")
    page.keyboard.press("Escape")
    expect(node).to_be_focused()
    page.keyboard.press("Tab")


def _handlers_are_sorted(lab: LabPage) -> None:
    page = lab.page
    rows = page.get_by_test_id("performance-row")
    expect(page.locator("[data-handler='Order.place']")).to_contain_text("6")
    page.get_by_test_id("performance-by-handler").click()
    expect(rows.first).to_contain_text("Account.charge")
    page.get_by_test_id("performance-by-handler").click()
    expect(rows.first).to_contain_text("Stock.reserve")
    frame = lab.execute("print(recq.performance_df().set_index('handler').loc['Order.place', 'count'])")
    assert frame == "6\n"


@pytest.mark.timeout(240)
def test_they_live_through_a_busy_cell_a_reload_50_re_runs_and_a_restart(lab: LabPage, scratch: Scratch) -> None:
    path = scratch.notebook(*MODEL, "recq.graph()", "recq.performance()")
    lab.open_notebook(path)
    lab.run_all()
    page = lab.page
    stage = page.get_by_test_id("graph-stage")
    badge = stage.locator("[data-target='TodoListAggregate.create'] .recq-graph-badge")

    lab.start(SEND_WHILE_BUSY)
    expect(badge).to_contain_text("1\N{MULTIPLICATION SIGN}", timeout=4_000)
    expect(page.locator("[data-handler='TodoListAggregate.create']")).to_be_visible(timeout=4_000)
    assert lab.is_busy, "the news came while the cell was still running"
    lab.execute("pass")

    lab.reload(path)
    expect(badge).to_contain_text("1\N{MULTIPLICATION SIGN}", timeout=15_000)
    lab.execute(RUN_50_TIMES, seconds=60)
    lab.execute(f"get_ipython().run_cell({HIDER!r}, silent=True).raise_error()")
    expect(stage.locator("[data-node='Hider.created']")).to_be_visible()
    lab.execute(SEND.format("X"))
    expect(page.get_by_test_id("graph-hidden")).to_contain_text(
        "Hider.created \N{RIGHTWARDS ARROW} TodoListCreateCommand"
    )
    undeclared = stage.locator(".recq-undeclared[data-source='Hider.created'][data-target='TodoListCreateCommand']")
    expect(undeclared.locator(".edge")).to_be_visible()
    expect(badge).to_contain_text("4\N{MULTIPLICATION SIGN}")

    lab.restart_kernel(path)
    lab.run_all()
    expect(stage.locator("[data-node='TodoListAggregate.create']")).to_be_visible()
    expect(badge).to_have_count(0)
    assert lab.page_errors == []
