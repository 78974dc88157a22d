"""The flow widget in a real JupyterLab: it draws what messages do, live, and every control of it works."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Scratch
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import MODEL, RUN_50_TIMES, SEND_WHILE_BUSY

TRAFFIC = """
for number in range(3):
    reply = await recq.send(TodoListCreateCommand(identifier=f"TDLS_{number}", name=f"List {number}"))
    await recq.query(TodoListFindQuery(identifier=f"TDLS_{number}"), after=reply)
await recq.send(TodoListCreateCommand(identifier="HOSTILE", name="<img src=x onerror='document.title=1'>"))
try:
    await recq.send(TodoListCreateCommand(identifier="TDLS_9", name=""), metadata={"sent by": "<b>ada</b>"})
except Rejection as no:
    print(no.code)
await recq.settled()
"""
SEND_AFTER = """
recq.send(TodoListCreateCommand(identifier="AFTER", name="After")).result()
recq.settled().result()
"""
# Python has words for it, no encoding has: it is shown as its escape, and nothing stops.
SEND_HALF_AN_EMOJI = """
recq.send(TodoListCreateCommand(identifier="HALF", name=chr(0xD83D))).exception()
"""


@pytest.mark.timeout(240)
def test_it_draws_real_traffic_and_every_control_works(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*MODEL, TRAFFIC, "recq.flow()"))
    lab.run_all()
    page = lab.page
    hops = page.get_by_test_id("flow-hop")

    expect(page.locator("[data-testid=flow-hop][data-hop=rejected]")).to_be_visible()
    everything = hops.count()
    rows = page.get_by_test_id("flow-rows")
    expect(rows).to_have_text("24 rows")
    page.get_by_test_id("flow-kind").select_option("query")
    expect(page.locator("[data-testid=flow-hop][data-hop=published]")).to_have_count(0)
    assert 0 < hops.count() < everything
    expect(page.locator("[data-testid=flow-hop][data-hop=replied]").first).to_have_attribute(
        "aria-label", re.compile(r"^TodoListProjection → outside: TodoListView, .*s$")
    )
    page.get_by_test_id("flow-kind").select_option("")
    page.get_by_test_id("flow-component").select_option("TodoListProjector")
    expect(page.locator("[data-testid=flow-hop][data-hop=sent]")).to_have_count(0)
    page.get_by_test_id("flow-component").select_option("")
    page.get_by_test_id("flow-text").fill("todo_list.name")
    expect(hops).to_have_count(1)
    hops.first.click()
    expect(page.get_by_test_id("flow-payload")).to_contain_text('"TDLS_9"')
    expect(page.get_by_test_id("flow-metadata")).to_contain_text('"sent by": "<b>ada</b>"')
    expect(page.get_by_test_id("flow-source")).to_contain_text("a list needs a name")
    expect(page.get_by_test_id("flow-details")).to_contain_text("In[3], line 7")
    expect(page.get_by_test_id("flow-durations")).to_contain_text("handler")
    expect(page.get_by_test_id("flow-follow")).to_have_text("paused")
    page.get_by_test_id("flow-only").click()
    page.get_by_test_id("flow-text").fill("")
    expect(hops).to_have_count(2)
    page.get_by_test_id("flow-mermaid").click()
    expect(page.get_by_test_id("flow-said")).to_have_text("copied as Mermaid")
    expect(page.get_by_test_id("flow-mermaid")).to_have_text("copied ✓")
    lab.screenshot("flow-details-light")
    expect(page.get_by_test_id("flow-mermaid")).to_have_text("copy as Mermaid")
    expect(page.get_by_test_id("flow-said")).to_have_text("")
    page.get_by_test_id("flow-close").click()
    page.get_by_test_id("flow-all").click()
    expect(rows).to_have_text("24 rows")

    lab.execute("recq.send(TodoListCreateCommand(identifier='PAUSED', name='Paused')).result()")
    expect(page.get_by_test_id("flow-waiting")).to_have_text("4 new hops since the pause")
    expect(rows).to_have_text("24 rows")
    page.get_by_test_id("flow-follow").click()
    expect(rows).to_have_text("28 rows")

    lab.screenshot("flow-light")
    lab.set_theme("dark")
    lab.screenshot("flow-dark")
    assert page.title() != "1"
    assert lab.errors() == []
    assert lab.page_errors == []


@pytest.mark.timeout(240)
def test_it_lives_through_a_busy_cell_a_reload_50_re_runs_and_a_restart(lab: LabPage, scratch: Scratch) -> None:
    path = scratch.notebook(*MODEL, "recq.flow()")
    lab.open_notebook(path)
    lab.run_all()
    page = lab.page
    hops = page.get_by_test_id("flow-hop")
    expect(page.get_by_test_id("flow-diagram")).to_contain_text("No message yet")

    lab.start(SEND_WHILE_BUSY)
    expect(page.locator("[data-testid=flow-hop][data-hop=replied]")).to_be_visible()
    page.locator("[data-testid=flow-hop][data-hop=replied]").click()
    expect(page.get_by_test_id("flow-payload")).to_contain_text('"BUSY"', timeout=3_000)
    assert lab.is_busy, "the details came while the cell was still running"
    lab.execute("pass")

    lab.reload(path)
    expect(hops.first).to_be_visible(timeout=15_000)
    lab.execute(RUN_50_TIMES + SEND_AFTER, seconds=60)
    expect(page.locator("[data-testid=flow-hop][data-hop=consumed]")).to_have_count(2)
    lab.execute(SEND_HALF_AN_EMOJI)
    page.locator("[data-testid=flow-hop][data-hop=failed]").click()
    expect(page.get_by_test_id("flow-payload")).to_contain_text("\\ud83d")
    lab.execute(SEND_AFTER.replace("AFTER", "NEXT"))
    expect(page.get_by_test_id("flow-waiting")).to_have_text("4 new hops since the pause")
    threads = lab.execute("import threading; print(sum(t.name == 'recq-widgets' for t in threading.enumerate()))")
    assert threads == "1\n"

    lab.execute("recq.close()")
    expect(page.get_by_test_id("notice")).to_contain_text("Run recq.flow() again")
    lab.restart_kernel(path)
    lab.run_all()
    expect(page.get_by_test_id("flow-diagram")).to_contain_text("No message yet")
    assert lab.page_errors == []
