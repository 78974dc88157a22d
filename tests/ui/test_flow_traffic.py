"""The flow widget on a system with saga, observer and a service that takes too long; one flow of many; every width."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import ROOT, Scratch
from tests.ui.lab_page import LabPage

LOAD = f"""%load_ext recq_nb
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.domains import order_stock_payment as shop

recq = Session(injector={{shop.Outbox: shop.Outbox()}})
recq.register(shop)
"""
SLOW = """%%recq_component
class ParcelSendCommand(ServiceCommand):
    parcel: str

@service
class ParcelService:
    @command_handler
    async def send(self, command: ParcelSendCommand) -> None:
        await asyncio.sleep(0.5)
"""
TRAFFIC = """
await recq.send(shop.StockOpenCommand(item_id="milk", units=5))
await recq.send(shop.AccountOpenCommand(account_id="ada", money=15))
bought = await recq.send(
    shop.OrderPlaceCommand(order_id="O1", item_id="milk", account_id="ada", units=1, price=10))
refused = await recq.send(
    shop.OrderPlaceCommand(order_id="O2", item_id="milk", account_id="ada", units=1, price=100))
try:
    await recq.send(ParcelSendCommand(parcel="P"), timeout=0.05)
except RequestTimeoutError:
    pass
await recq.settled()
"""
TRAFFIC_BEFORE_MANY = TRAFFIC.partition("refused")[0]
CELLS = (LOAD, "import asyncio", SLOW, TRAFFIC, "recq.flow()")
TOOLBAR_LINES = """bar => new Set([...bar.children].filter(one => one.offsetHeight > 1)
  .map(one => Math.round(one.getBoundingClientRect().top / 20))).size"""


@pytest.mark.timeout(240)
def test_sagas_observers_and_timeouts_are_drawn_and_one_flow_is_chosen(lab: LabPage, scratch: Scratch) -> None:
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.open_notebook(scratch.notebook(*CELLS))
    lab.run_all()
    page = lab.page
    hops = page.get_by_test_id("flow-hop")
    page.get_by_test_id("flow-diagram").focus()
    page.get_by_test_id("flow-follow").click()

    text = page.get_by_test_id("flow-text")
    for name, label in (
        ("ParcelSend", r"^gateway → outside: timed out, .*: outcome unknown$"),
        ("ParcelSend", r"^ParcelService → outside: done, \d+ ms$"),
        ("OrderPlaced", r"^event store → Checkout: OrderPlacedEvent, .*s$"),
        ("StockReserve", r"^Checkout → Stock: StockReserveCommand$"),
        ("AccountCharge", r"^Account → Checkout: rejected: account.insufficient, .*s$"),
        ("Notification", r"^OrderObserver → NotificationService: NotificationSendCommand$"),
    ):
        text.fill(name)
        expect(page.get_by_role("option", name=_pattern(label)).first).to_be_visible()
    text.fill("")
    everything = _rows(lab)

    choose = page.get_by_test_id("flow-correlation")
    assert [option.split(",")[0] for option in choose.locator("option").all_inner_texts()] == [
        "every flow",
        "ParcelSendCommand",
        "OrderPlaceCommand",
        "OrderPlaceCommand",
        "AccountOpenCommand",
        "StockOpenCommand",
    ]
    bought = lab.execute("print(bought.correlation_id)").strip()
    choose.select_option(bought)
    page.locator("[data-testid=flow-hop][data-correlation]").first.wait_for()
    page.get_by_test_id("flow-diagram").evaluate("box => { box.scrollTop = 0; }")
    shown = set(hops.evaluate_all("rows => rows.map(row => row.dataset.correlation)"))
    assert shown == {bought}
    expect(page.locator(".recq-flow-clock").first).to_have_text("0.0 ms")

    page.get_by_test_id("flow-mermaid").click()
    expect(page.get_by_test_id("flow-said")).to_have_text("copied as Mermaid")
    lab.execute("from recq_nb.flow.sequence import to_mermaid")
    assert page.evaluate("navigator.clipboard.readText()") == lab.execute(
        "print(to_mermaid(recq.recorded(bought)))"
    ).rstrip("\n")

    page.get_by_test_id("flow-all").click()
    assert _rows(lab) == everything
    assert lab.page_errors == []


@pytest.mark.timeout(240)
def test_the_keyboard_reaches_everything_and_every_width_is_legible(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*CELLS))
    lab.run_all()
    page = lab.page
    diagram = page.get_by_test_id("flow-diagram")
    details = page.get_by_test_id("flow-details")
    expect(page.get_by_test_id("flow-hop").first).to_be_visible()

    diagram.focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-testid=flow-hop][aria-selected=true]")).to_have_attribute("aria-posinset", "1")
    expect(page.get_by_test_id("flow-follow")).to_have_text("paused")
    assert diagram.evaluate("box => document.getElementById(box.getAttribute('aria-activedescendant')) !== null")
    page.keyboard.press("Enter")
    expect(details).to_contain_text("StockOpenCommand")
    page.keyboard.press("End")
    expect(details).to_contain_text("ParcelSendCommand")
    expect(page.get_by_test_id("flow-payload")).to_contain_text('"P"')
    page.keyboard.press("PageUp")
    expect(page.locator("[data-testid=flow-hop][aria-selected=true]")).to_be_in_viewport()
    page.get_by_test_id("flow-only").focus()
    page.keyboard.press("Escape")
    expect(details).to_have_count(0)
    expect(diagram).to_be_focused()

    assert page.locator(".recq-flow-bar").evaluate(TOOLBAR_LINES) == 1
    page.keyboard.press("Home")
    lab.screenshot("flow-saga-light")
    lab.set_theme("dark")
    lab.screenshot("flow-saga-dark")
    page.keyboard.press("Enter")
    lab.screenshot("flow-saga-details-dark")
    page.locator(".recq-widget").evaluate("widget => { widget.style.width = '420px'; }")
    expect(details).to_be_visible()
    lab.screenshot("flow-narrow-dark")
    assert diagram.evaluate("box => box.clientHeight") >= 180
    page.locator(".recq-widget").evaluate("widget => { widget.style.width = ''; }")
    page.set_viewport_size({"width": 3840, "height": 2160})
    lab.set_theme("light")
    lab.screenshot("flow-4k-light")
    assert lab.page_errors == []


@pytest.mark.timeout(240)
def test_a_traced_cell_is_as_tall_as_its_flow_and_pausing_keeps_what_is_seen(lab: LabPage, scratch: Scratch) -> None:
    traced = '%%recq_trace\nawait recq.send(shop.StockOpenCommand(item_id="tea", units=5))'
    lab.open_notebook(scratch.notebook(LOAD, traced))
    lab.run_all()
    page = lab.page
    diagram = page.get_by_test_id("flow-diagram")

    expect(page.get_by_test_id("flow-hop")).to_have_count(3)
    assert diagram.evaluate("box => box.clientHeight") < 200
    assert diagram.evaluate("box => box.scrollHeight - box.clientHeight") <= 0
    page.get_by_test_id("flow-hop").last.click()
    expect(page.get_by_test_id("flow-details")).to_be_visible()
    lab.screenshot("flow-trace-light")
    lab.set_theme("dark")
    lab.screenshot("flow-trace-dark")
    assert lab.page_errors == []


MANY = """
for number in range(60):
    await recq.send(shop.StockOpenCommand(item_id=f"item {number}", units=5))
"""


@pytest.mark.timeout(240)
def test_many_hops_are_folded_and_other_pictures_choose_what_it_shows(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(LOAD, TRAFFIC_BEFORE_MANY, MANY, "recq.flow()", "recq.catalog()"))
    lab.run_all()
    page = lab.page
    groups = page.get_by_test_id("flow-group")
    hops = page.get_by_test_id("flow-hop")

    expect(groups.last).to_have_attribute(
        "aria-label", _pattern(r"^StockOpenCommand and what it caused: 3 hops in .*s, folded$")
    )
    expect(page.get_by_test_id("flow-diagram")).to_have_attribute("data-hops", _pattern(r"^(19\d|20\d)$"))
    groups.last.click()
    expect(groups.last).to_have_attribute("aria-label", _pattern("unfolded$"))
    expect(hops).to_have_count(3)
    lab.screenshot("flow-folded-light")
    page.get_by_test_id("flow-diagram").press("Enter")
    expect(hops).to_have_count(0)

    page.locator("[data-testid=catalog-entry][data-name=Checkout]").click()
    page.get_by_test_id("catalog-to-flow").click()
    expect(page.get_by_test_id("flow-component")).to_have_value("Checkout")
    expect(page.get_by_role("option", name="Checkout → Stock: StockReserveCommand")).to_be_visible()
    page.get_by_test_id("flow-text").fill("nothing like that")
    page.get_by_test_id("flow-everything").click()
    expect(groups.first).to_be_visible()
    assert lab.errors() == []
    assert lab.page_errors == []


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _rows(lab: LabPage) -> str:
    return lab.page.get_by_test_id("flow-rows").inner_text()
