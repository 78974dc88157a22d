"""The console in a real JupyterLab: every command and query can be filled in, sent and copied, also by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.notebook_shell import TODO_COMPONENTS
from tests.ui.conftest import Scratch
from tests.ui.console_models import EVERY_TYPE, SEARCH, SEARCH_PAYLOADS, SERVICE
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import MODEL

RUN_50_TIMES = f"""
for _ in range(50):
    get_ipython().run_cell({TODO_COMPONENTS!r}, silent=True).raise_error()
"""
# The steps of what was sent last: when it was sent and settled by the kernel's clock, and how it ended.
LAST_REFUSAL = """
steps = recq.recorder.since(0)[1]
(no,) = [step for step in steps if str(step.kind) == "rejected"]
print(no.message.name, no.outcome)
"""
# Milliseconds from the click to the code on the screen, by the page's clock.
VALUES = {
    "text": "hello",
    "count": "9007199254740993",
    "price": "12.50",
    "day": "2026-03-01",
    "moment": "2026-03-01T12:30:00Z",
    "hour": "08:15",
    "wait": "PT90S",
    "ident": "12345678-1234-4678-9234-567812345678",
}
EXPECTED = (
    "EverythingCommand(text='hello', count=9007199254740993, ratio=0.5, price=Decimal('12.50'), agreed=True, "
    "colour=<Colour.BLUE: 'blue'>, size='M', day=datetime.date(2026, 3, 1), "
    "moment=datetime.datetime(2026, 3, 1, 12, 30, tzinfo=TzInfo(0)), hour=datetime.time(8, 15), "
    "wait=datetime.timedelta(seconds=90), ident=UUID('12345678-1234-4678-9234-567812345678'), raw=b'x', "
    "tags=['one', 'two'], odd={3}, pair=(7, 'seven'), stock={'apples': 4}, pet=Dog(kind='dog', name='Rex'), "
    "either='12', note='a note', tree=Node(name='root', children=[Node(name='leaf', children=[])]), "
    "anything={'a': [1, 2.5, None]})"
)


def _pick(page: Page, name: str) -> None:
    page.get_by_test_id(f"console-pick-{name}").click()
    expect(page.get_by_test_id("console-form")).to_have_attribute("data-name", name)


def _fill_every_type(page: Page) -> None:
    for name, value in VALUES.items():
        page.get_by_test_id(f"console-field-{name}").fill(value)
    page.get_by_test_id("console-field-agreed").check()
    page.get_by_test_id("console-field-colour").select_option("blue")
    for place, tag in enumerate(("one", "two")):
        page.get_by_test_id("console-add-tags").click()
        page.get_by_test_id(f"console-field-tags.{place}").fill(tag)
    page.get_by_test_id("console-add-odd").click()
    page.get_by_test_id("console-field-odd.0").fill("3")
    page.get_by_test_id("console-field-pair.0").fill("7")
    page.get_by_test_id("console-field-pair.1").fill("seven")
    page.get_by_test_id("console-add-stock").click()
    page.get_by_test_id("console-field-stock..[key]").fill("apples")
    page.get_by_test_id("console-field-stock.apples").fill("4")
    page.get_by_test_id("console-branch-pet").select_option("Dog")
    page.get_by_test_id("console-field-pet.name").fill("Rex")
    page.get_by_test_id("console-branch-either").select_option("text")
    page.get_by_test_id("console-field-either").fill("12")
    page.get_by_test_id("console-given-note").check()
    page.get_by_test_id("console-field-note").fill("a note")
    page.get_by_test_id("console-field-tree.name").fill("root")
    page.get_by_test_id("console-add-tree.children").click()
    page.get_by_test_id("console-field-tree.children.0").fill('{"name": "leaf"}')
    page.get_by_test_id("console-field-anything").fill('{"a": [1, 2.5, null]}')


@pytest.mark.timeout(240)
def test_a_command_is_filled_in_refused_sent_and_copied(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*MODEL, SEARCH_PAYLOADS, SEARCH, "recq.console()"))
    lab.run_all()
    page = lab.page
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _pick(page, "TodoListCreateCommand")

    page.get_by_test_id("console-send").click()
    expect(page.get_by_test_id("console-problem-identifier")).to_contain_text("at least 1 character")
    page.get_by_test_id("console-mint-identifier").press("Enter")
    expect(page.get_by_test_id("console-problem-identifier")).to_have_count(0)
    page.get_by_test_id("console-send").click()
    expect(page.get_by_test_id("console-code")).to_have_text("todo_list.name")
    assert lab.execute(LAST_REFUSAL) == "TodoListCreateCommand todo_list.name\n"

    page.get_by_test_id("console-field-identifier").fill("TDLS_1")
    page.get_by_test_id("console-field-name").fill("Shopping")
    page.get_by_test_id("console-field-name").press("Enter")
    first = page.get_by_test_id("console-call").first
    expect(first).to_have_attribute("data-state", "confirmed")
    expect(first).to_contain_text("TodoListCreatedEvent #1")
    expect(first.get_by_test_id("console-caused")).to_contain_text("TodoListProjector handled")
    assert lab.execute("print(recq.sql('select identifier, name from todo_list_row').rows())") == (
        "[('TDLS_1', 'Shopping')]\n"
    )

    page.get_by_test_id("console-copy").click()
    expect(page.get_by_test_id("console-said")).to_contain_text("copied")
    copied = str(page.evaluate("() => navigator.clipboard.readText()"))
    assert copied == "recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Shopping'))"
    page.get_by_test_id("console-field-identifier").focus()
    expect(page.get_by_test_id("console-ids").locator("option")).to_have_attribute("value", "TDLS_1")

    _pick(page, "TodoListFindQuery")
    page.get_by_test_id("console-field-identifier").fill("TDLS_1")
    page.get_by_test_id("console-send").click()
    expect(page.get_by_test_id("console-view").first).to_contain_text("Shopping")
    _pick(page, "TodoListSearchQuery")
    page.get_by_test_id("console-send").click()
    expect(page.get_by_test_id("console-call")).to_have_count(4)
    expect(page.get_by_test_id("console-call").first).to_have_attribute("data-state", "answered")
    expect(page.get_by_test_id("console-view").first).to_contain_text("Shopping")
    page.get_by_test_id("console-copy-call").first.click()
    text = str(page.evaluate("() => navigator.clipboard.readText()"))
    assert text == "await recq.query(TodoListSearchQuery())"
    assert "Shopping" in lab.execute(f"print({text})")

    lab.screenshot("console-light")
    lab.set_theme("dark")
    lab.screenshot("console-dark")
    assert lab.errors() == []
    assert lab.page_errors == []


@pytest.mark.timeout(240)
def test_every_type_reaches_the_kernel_as_typed(lab: LabPage, scratch: Scratch) -> None:
    load, *model = MODEL
    session = "recq = Session(timeout=2)\nkept = []"
    lab.open_notebook(scratch.notebook(load, session, *model, EVERY_TYPE, SERVICE, "recq.console()"))
    lab.run_all()
    page = lab.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _pick(page, "EverythingCommand")
    page.get_by_test_id("console-send").click()
    expect(page.get_by_test_id("console-problem-text")).to_contain_text("at least 2 characters")
    page.get_by_test_id("console-field-count").fill("many")
    expect(page.get_by_test_id("console-problem-count")).to_contain_text("valid integer")
    lab.screenshot("console-problems-light")

    _fill_every_type(page)
    page.get_by_test_id("console-field-anything").fill("{nope")
    expect(page.get_by_test_id("console-problem-anything")).to_contain_text("no JSON yet")
    page.get_by_test_id("console-field-anything").fill('{"a": [1, 2.5, null]}')
    expect(page.get_by_test_id("console-form")).to_have_attribute("data-problems", "0")
    lab.screenshot("console-every-type-light")
    lab.set_theme("dark")
    lab.screenshot("console-every-type-dark")
    page.get_by_test_id("console-send").click()
    expect(page.get_by_test_id("console-call").first).to_have_attribute("data-state", "confirmed")
    assert lab.execute("print(kept[-1].__repr__())").strip() == EXPECTED

    page.get_by_test_id("console-copy-call").first.click()
    copied = str(page.evaluate("() => navigator.clipboard.readText()"))
    imports, call = copied.rsplit("recq.send(", 1)
    assert lab.execute(f"import time\n{imports}\nprint({call[:-1]} == kept[-1], time.sleep(0))") == "True None\n"
    page.get_by_test_id("console-field-count").fill("1")
    page.get_by_test_id("console-again").first.click()
    expect(page.get_by_test_id("console-field-count")).to_have_value("9007199254740993")
    expect(page.get_by_test_id("console-field-price")).to_have_value("12.50")

    _every_failure_is_told(page)
    assert lab.errors() == []
    assert lab.page_errors == []


def _every_failure_is_told(page: Page) -> None:
    _pick(page, "BuggyCommand")
    page.get_by_test_id("console-send").click()
    first = page.get_by_test_id("console-call").first
    expect(first).to_have_attribute("data-state", "failed")
    expect(first).to_contain_text("<b>a bug</b>")
    _pick(page, "HostileCommand")
    page.get_by_test_id("console-send").click()
    expect(first).to_contain_text("<img src=x")
    assert page.locator(".recq-widget img").count() == 0
    assert page.title() != "1"
    _pick(page, "SlowCommand")
    page.get_by_test_id("console-send").click()
    expect(first).to_have_attribute("data-state", "pending")
    page.get_by_test_id("console-give-up").click()
    expect(first).to_have_attribute("data-state", "cancelled")
    expect(first).to_contain_text("its outcome is unknown")
    page.get_by_test_id("console-send").click()
    expect(page.get_by_test_id("console-call").nth(1)).to_have_attribute("data-state", "cancelled")
    expect(first).to_have_attribute("data-state", "timed_out", timeout=8_000)
    expect(first).to_contain_text("timed out: outcome unknown")
    expect(first.get_by_test_id("console-code")).to_have_text("RequestTimeoutError")


@pytest.mark.timeout(240)
def test_it_goes_on_by_keyboard_in_a_busy_cell_after_a_reload_re_runs_and_a_restart(
    lab: LabPage, scratch: Scratch
) -> None:
    path = scratch.notebook(*MODEL, "recq.console()", "recq.catalog()")
    lab.open_notebook(path)
    lab.run_all()
    page = lab.page
    cells = len(lab.cells())
    _pick(page, "TodoListCreateCommand")
    page.get_by_test_id("console-field-identifier").focus()
    page.keyboard.type("abxdd00jkmy")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("console-field-name")).to_be_focused()
    page.keyboard.type("xxdd b a c v z 00 ii")
    assert page.get_by_test_id("console-field-identifier").input_value() == "abxdd00jkmy"
    assert len(lab.cells()) == cells
    lab.start("import time; time.sleep(5)")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_test_id("console-call").first).to_have_attribute("data-state", "confirmed", timeout=3_000)
    assert lab.is_busy, "it was confirmed while the cell was still running"
    lab.execute("pass")
    assert len(lab.cells()) == cells

    lab.reload(path)
    expect(page.get_by_test_id("console-field-name")).to_have_value("xxdd b a c v z 00 ii", timeout=15_000)
    expect(page.get_by_test_id("console-call")).to_have_count(1)
    lab.execute(RUN_50_TIMES, seconds=60)
    page.get_by_test_id("console-field-identifier").fill("AFTER")
    page.get_by_test_id("console-send").click()
    expect(page.get_by_test_id("console-call")).to_have_count(2)
    expect(page.get_by_test_id("console-call").first).to_have_attribute("data-state", "confirmed")

    lab.restart_kernel(path)
    lab.run_all()
    expect(page.get_by_test_id("console-form")).to_be_visible()
    expect(page.get_by_test_id("console-call")).to_have_count(0)
    page.locator("[data-testid=catalog-entry][data-name=TodoListFindQuery]").click()
    page.get_by_test_id("catalog-to-console").click()
    expect(page.get_by_test_id("console-form")).to_have_attribute("data-name", "TodoListFindQuery")
    assert lab.page_errors == []
