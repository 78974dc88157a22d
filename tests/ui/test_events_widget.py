"""The events widget in a real JupyterLab: the store by filter, events in full, and the model as of any of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS
from tests.ui.conftest import ROOT, Scratch
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import LOAD

COMPONENTS = TODO_COMPONENTS.replace("    pass", '    name: str = ""', 1).replace(
    "TodoListState()", "TodoListState(name=event.name)"
)
"""The todo list, with a state that has something to show."""
MODEL = (LOAD, TODO_PAYLOADS, COMPONENTS)
HOSTILE = "<img src=x onerror='document.title=1'>' OR 1=1; DROP TABLE recq.events; --"
TRAFFIC = f"""
for number in range(30):
    await recq.send(TodoListCreateCommand(identifier=f"TDLS_{{number}}", name=f"List {{number}}"))
await recq.send(TodoListCreateCommand(identifier="it's; --", name={HOSTILE!r}), metadata={{"by": "<i>ada</i>"}})
await recq.settled()
"""
SEND_ON_AND_ON = """
import threading
def send(first, count):
    for number in range(first, first + count):
        recq.send(TodoListCreateCommand(identifier=f"NEW_{number}", name="new")).result()
"""
BUSY = "import time; threading.Timer(0.5, send, (500, 3)).start(); time.sleep(5)"
RUN_50_TIMES = f"""
for _ in range(50):
    get_ipython().run_cell({COMPONENTS!r}, silent=True).raise_error()
send(900, 1)
"""
MILLION = """
import duckdb, pathlib
pathlib.Path("million.duckdb").unlink(missing_ok=True)
Session("million.duckdb").close()
with duckdb.connect("million.duckdb") as store:
    store.execute('''
        INSERT INTO recq.events
        SELECT range + 1, 'e' || range,
            CASE WHEN range % 10 = 0 THEN 'TodoListCreatedEvent' ELSE 'TodoListNamedEvent' END,
            'A' || range % 5000, range // 5000 + 1, 'default', make_timestamptz(1700000000000000 + range * 1000000),
            '{"identifier": "A' || range % 5000 || '", "name": "item ' || range || '"}', '{}', 'c' || range // 3,
            'm' || range, 'm' || range, 'TodoListAggregate' FROM range(1000000)''').fetchall()
big = Session("million.duckdb")
"""
SHOP = f"""%load_ext recq_nb
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.domains import order_stock_payment as shop

recq = Session(injector={{shop.Outbox: shop.Outbox()}})
recq.register(shop)
"""
ORDER = """
await recq.send(shop.StockOpenCommand(item_id="milk", units=5))
await recq.send(shop.AccountOpenCommand(account_id="ada", money=15))
await recq.send(shop.OrderPlaceCommand(order_id="O1", item_id="milk", account_id="ada", units=1, price=10))
await recq.settled()
"""
ABROAD = """%%recq_component
class ParcelSendCommand(DomainCommand):
    parcel_id: AggregateId

class ParcelSentEvent(DomainEvent):
    parcel_id: str

@aggregate
class Parcel:
    @aggregate_command_handler(init=True)
    def send(self, command: ParcelSendCommand) -> ParcelSentEvent:
        return ParcelSentEvent(parcel_id=command.parcel_id, context="abroad")
"""
SEND_ABROAD = "for n in range(2): await recq.send(ParcelSendCommand(parcel_id=f'P{n}'))"
FRAMES = """() => {
  window.recqLong = [];
  new PerformanceObserver(list => window.recqLong.push(...list.getEntries().map(one => Math.round(one.duration))))
    .observe({ entryTypes: ['longtask'] });
}"""


def numbers(page: Page) -> list[int]:
    """Sequence numbers of the rows that are drawn, from top to bottom."""
    return [int(row.get_attribute("data-number") or 0) for row in page.get_by_test_id("events-row").all()]


def slide(page: Page, number: int) -> None:
    page.get_by_test_id("events-slider").fill(str(number))


@pytest.mark.timeout(240)
def test_it_shows_the_store_and_every_control_works(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*MODEL, TRAFFIC, "recq.events()"))
    lab.run_all()
    page = lab.page
    count, rows = page.get_by_test_id("events-count"), page.get_by_test_id("events-row")
    expect(rows.first).to_be_visible()
    head = int(lab.execute("print(recq.head)"))

    expect(count).to_have_text(f"{head} events")
    assert numbers(page)[:5] == [head, head - 1, head - 2, head - 3, head - 4]
    page.get_by_test_id("events-aggregate").fill("it's; --")
    expect(count).to_contain_text(f"1 of {head}")
    rows.first.click()
    expect(page.get_by_test_id("events-payload")).to_contain_text(HOSTILE)
    expect(page.get_by_test_id("events-metadata")).to_contain_text('"by": "<i>ada</i>"')
    page.get_by_test_id("events-everything").click()
    page.get_by_test_id("events-text").fill("' OR 1=1; DROP")
    expect(count).to_contain_text(f"1 of {head}")
    page.get_by_test_id("events-text").fill("nothing has this text")
    expect(page.get_by_test_id("events-empty")).to_have_text("No event passes this filter.")
    page.get_by_test_id("events-everything").click()
    page.get_by_test_id("events-name").select_option("TodoListCreatedEvent")
    expect(count).to_contain_text(f"of {head}")
    page.get_by_test_id("events-until").fill("2001-01-01T00:00:00")
    expect(count).to_contain_text(f"0 of {head}")
    page.get_by_test_id("events-everything").click()
    page.get_by_test_id("events-since").fill("2001-01-01T00:00:00")
    expect(count).to_contain_text(f"{head} of {head}")
    page.get_by_test_id("events-everything").click()
    expect(count).to_have_text(f"{head} events")

    rows.nth(2).click()
    expect(page.get_by_test_id("events-title")).to_contain_text("TodoListCreatedEvent")
    page.get_by_test_id("events-only-aggregate").click()
    expect(count).to_contain_text(f"1 of {head}")
    page.get_by_test_id("events-only-flow").click()
    expect(page.get_by_test_id("events-flow")).to_be_visible()
    page.get_by_test_id("events-flow").click()
    expect(count).to_have_text(f"{head} events")

    assert page.title() != "1"
    assert lab.errors() == []
    assert lab.page_errors == []


@pytest.mark.timeout(240)
def test_it_shows_the_model_as_of_any_event(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*MODEL, TRAFFIC, "recq.events()"))
    lab.run_all()
    page = lab.page
    expect(page.get_by_test_id("events-row").first).to_be_visible()

    slide(page, 7)
    past = page.get_by_test_id("events-past")
    expect(past).to_have_attribute("data-number", "7")
    expect(page.get_by_test_id("events-state")).to_contain_text("List 6")
    expect(page.get_by_test_id("events-read-model").locator("tbody tr")).to_have_count(7)
    expect(page.locator("[data-testid=events-change][data-field=name]").first).to_contain_text("List 6")
    rows = lab.execute("past = recq.as_of(7); print(len(past.read_models['todo_list_row']))")
    assert rows == "7\n"
    assert '"List 6"' in lab.execute("print(past.states['TDLS_6'].state)")
    page.get_by_test_id("events-on").click()
    expect(past).to_have_attribute("data-number", "8")
    page.get_by_test_id("events-back").click()
    expect(past).to_have_attribute("data-number", "7")
    page.get_by_test_id("events-aggregate-choice").select_option("TDLS_2")
    expect(page.get_by_test_id("events-state")).to_contain_text("List 2")
    lab.screenshot("events-light")
    lab.set_theme("dark")
    lab.screenshot("events-dark")
    lab.set_theme("light")
    page.get_by_test_id("events-now").click()
    expect(past).to_have_count(0)
    page.get_by_test_id("events-list").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("events-title")).to_contain_text("TodoListCreatedEvent")
    assert lab.errors() == []
    assert lab.page_errors == []


@pytest.mark.timeout(300)
def test_it_stays_live_while_a_cell_is_busy_after_reload_restart_and_fifty_definitions(
    lab: LabPage, scratch: Scratch
) -> None:
    path = scratch.notebook(*MODEL, TRAFFIC, SEND_ON_AND_ON, "recq.events()")
    lab.open_notebook(path)
    lab.run_all()
    page = lab.page
    head = int(lab.execute("print(recq.head)"))
    expect(page.get_by_test_id("events-row").first).to_have_attribute("data-number", str(head))

    page.get_by_test_id("events-list").evaluate("node => { node.scrollTop = 200; }")
    expect(page.get_by_test_id("events-row").first).to_have_attribute("data-number", str(head - 7))
    lab.execute("send(0, 12)")
    expect(page.get_by_test_id("events-new")).to_have_text("↑ 12 new")
    assert numbers(page)[0] == head - 7
    page.get_by_test_id("events-new").click()
    expect(page.get_by_test_id("events-row").first).to_have_attribute("data-number", str(head + 12))

    lab.start(BUSY)
    expect(page.get_by_test_id("events-row").first).to_have_attribute("data-number", str(head + 15), timeout=4_000)
    page.get_by_test_id("events-text").fill("List 11")
    expect(page.get_by_test_id("events-count")).to_contain_text("1 of", timeout=2_000)
    page.get_by_test_id("events-row").first.click()
    expect(page.get_by_test_id("events-payload")).to_contain_text("List 11", timeout=2_000)
    page.get_by_test_id("events-travel").click()
    expect(page.get_by_test_id("events-past")).to_have_attribute("data-number", "12", timeout=3_000)
    assert lab.is_busy
    page.get_by_test_id("events-everything").click()
    lab.execute("pass")

    lab.execute(RUN_50_TIMES, seconds=120)
    expect(page.get_by_test_id("events-row").first).to_have_attribute("data-number", str(head + 16), timeout=10_000)
    slide(page, 3)
    expect(page.get_by_test_id("events-past")).to_have_attribute("data-number", "3", timeout=10_000)

    lab.reload(path)
    expect(page.get_by_test_id("events-row").first).to_have_attribute("data-number", str(head + 16), timeout=20_000)
    lab.restart_kernel(path)
    lab.run_all()
    expect(page.get_by_test_id("events-row").first).to_have_attribute("data-number", str(head))
    assert lab.page_errors == []


@pytest.mark.timeout(300)
def test_a_million_events_scroll_without_long_tasks_and_filter_in_time(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*MODEL, MILLION, "big.events()"))
    lab.run_all()
    page = lab.page
    rows, scroll = page.get_by_test_id("events-row"), page.get_by_test_id("events-list")
    expect(rows.first).to_have_attribute("data-number", "1000000")
    page.evaluate(FRAMES)

    scroll.hover()
    for _ in range(30):
        page.mouse.wheel(0, 280)
        page.wait_for_timeout(30)
    expect(rows.first).to_have_attribute("data-number", str(1_000_000 - 300))
    scroll.evaluate("node => { node.scrollTop = (node.scrollHeight - node.clientHeight) / 2; }")
    expect(rows.first).to_have_attribute("data-number", "500005")
    page.wait_for_timeout(300)
    page.mouse.wheel(0, 28)
    expect(rows.first).to_have_attribute("data-number", "500004")
    scroll.evaluate("node => { node.scrollTop = node.scrollHeight; }")
    expect(rows.last).to_have_attribute("data-number", "1")
    scroll.evaluate("node => { node.scrollTop = 0; }")
    expect(rows.first).to_have_attribute("data-number", "1000000")
    page.get_by_test_id("events-text").fill("item 77777")
    expect(page.get_by_test_id("events-count")).to_contain_text("11 of 1,000,000", timeout=10_000)
    page.get_by_test_id("events-text").fill("")
    page.get_by_test_id("events-name").select_option("TodoListCreatedEvent")
    expect(page.get_by_test_id("events-count")).to_contain_text("100,000 of 1,000,000", timeout=10_000)
    scroll.evaluate("node => { node.scrollTop = (node.scrollHeight - node.clientHeight) / 2; }")
    expect(rows.first).to_have_attribute("data-number", "500041")
    lab.screenshot("events-million")
    long = page.evaluate("() => window.recqLong")
    print(f"long tasks: {long}")
    assert max(long, default=0) <= 300  # 144 where nothing else runs
    lab.execute("big.close()")
    assert lab.errors() == []
    assert lab.page_errors == []


@pytest.mark.timeout(120)
def test_an_event_leads_to_its_causes_and_effects_and_contexts_are_told_apart(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(SHOP, ORDER, ABROAD, SEND_ABROAD, "recq.events()"))
    lab.run_all()
    page = lab.page
    rows, title = page.get_by_test_id("events-row"), page.get_by_test_id("events-title")
    expect(rows.first).to_be_visible()
    page.get_by_test_id("events-name").select_option("StockReservedEvent")
    expect(page.get_by_test_id("events-count")).to_contain_text("1 of ")
    rows.first.click()
    expect(title).to_contain_text("StockReservedEvent")

    cause = page.get_by_test_id("events-cause")
    expect(cause).to_contain_text("OrderPlacedEvent")
    cause.click()
    expect(title).to_contain_text("OrderPlacedEvent")
    effects = page.get_by_test_id("events-effect")
    expect(effects.filter(has_text="AccountChargedEvent")).to_have_count(1)
    effects.filter(has_text="OrderConfirmedEvent").click()
    expect(title).to_contain_text("OrderConfirmedEvent")

    page.get_by_test_id("events-everything").click()
    page.get_by_test_id("events-context").select_option("abroad")
    expect(page.get_by_test_id("events-count")).to_contain_text("2 of ")
    expect(rows).to_have_count(2)
    assert lab.errors() == []
    assert lab.page_errors == []
