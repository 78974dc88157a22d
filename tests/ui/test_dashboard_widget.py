"""The dashboard in a real JupyterLab: as a view beside the notebook, at every width, and whatever happens."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import ARTIFACTS, Scratch
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import MODEL, RUN_50_TIMES, SEND_WHILE_BUSY

SEND = "recq.send(TodoListCreateCommand(identifier={!r}, name='Name')).result(); recq.settled().result()"
PARTS = ("graph", "flow", "console", "events", "consumers", "catalog", "performance")
# What is wider than the dashboard, or than what scrolls inside of it, is cut off.
CUT_OFF = """root => [root, ...root.querySelectorAll('*')]
  .filter(node => node.clientWidth > 0 && getComputedStyle(node).overflowX === 'visible'
    && !node.closest('svg') && node.getBoundingClientRect().right > root.getBoundingClientRect().right + 1
    && !scrolls(node, root))
  .map(node => `${node.tagName} ${node.className}`).slice(0, 5);
function scrolls(node, root) {
  for (let one = node.parentElement; one && one !== root; one = one.parentElement) {
    if (getComputedStyle(one).overflowX !== 'visible') return true;
  }
  return false;
}"""


# What dragging the view to the right side panel, and the panel's edge to this width, does.
TO_SIDE_PANEL = """width => {
  const shell = window.jupyterapp.shell;
  const view = [...shell.widgets('main')].find(one => one.node.querySelector('.jp-LinkedOutputView'));
  shell.collapseLeft();
  shell.add(view, 'right');
  shell.activateById(view.id);
  const split = document.getElementById('jp-main-split-panel');
  const panel = shell._hsplitPanel;
  panel.setRelativeSizes([0, split.clientWidth - width, width]);
}"""


@pytest.mark.timeout(240)
def test_it_lives_in_a_view_of_its_own_beside_the_notebook(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*MODEL, SEND.format("A"), "recq.dashboard()"))
    lab.run_all()
    page = lab.page
    expect(page.get_by_test_id("graph-stage")).to_be_visible()
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 4; }")
    lab.command("notebook:create-output-view")
    view = page.locator(".jp-LinkedOutputView")
    expect(view.get_by_test_id("dashboard-tab-flow")).to_be_visible()
    expect(view.locator(".recq-twin")).to_be_hidden()

    view.get_by_test_id("dashboard-tab-console").click()
    view.get_by_test_id("console-pick-TodoListCreateCommand").click()
    view.get_by_test_id("console-field-identifier").fill("B")
    view.get_by_test_id("console-field-name").fill("Bread")
    view.get_by_test_id("console-send").click()
    expect(view.get_by_test_id("console-call").first).to_have_attribute("data-state", "confirmed")
    view.get_by_test_id("dashboard-tab-events").click()
    expect(view.get_by_test_id("events-row")).to_have_count(2)

    page.evaluate(TO_SIDE_PANEL, 420)
    expect(page.locator("#jp-right-stack").get_by_test_id("dashboard-tab-flow")).to_be_visible()
    for theme, width, height in (("light", 1280, 800), ("dark", 1280, 800), ("light", 3840, 2160)):
        page.set_viewport_size({"width": width, "height": height})
        lab.set_theme("dark" if theme == "dark" else "light")
        for part in PARTS if width == 1280 else ("graph", "console"):
            view.get_by_test_id(f"dashboard-tab-{part}").click()
            expect(view.get_by_test_id(f"dashboard-panel-{part}")).to_be_visible()
            page.wait_for_timeout(300)
            page.screenshot(path=ARTIFACTS / "ui" / f"panel-{part}-{theme}{'-4k' if width > 1280 else ''}.png")
            assert view.locator(".recq-dashboard").evaluate(CUT_OFF) == [], part
    assert view.locator(".recq-problem").count() == 0
    assert lab.page_errors == []


@pytest.mark.timeout(240)
def test_dashboard_and_catalog_live_through_a_busy_cell_a_reload_50_re_runs_and_a_restart(
    lab: LabPage, scratch: Scratch
) -> None:
    path = scratch.notebook(*MODEL, "recq.dashboard()", "recq.catalog()")
    lab.open_notebook(path)
    lab.run_all()
    page = lab.page
    dashboard = page.locator(".recq-dashboard")
    command = page.locator(".recq-widget [data-testid=catalog-entry][data-name=TodoListCreateCommand]").last
    dashboard.get_by_test_id("dashboard-tab-events").click()

    lab.start(SEND_WHILE_BUSY)
    expect(dashboard.get_by_test_id("events-row")).to_have_count(1, timeout=3_500)
    dashboard.get_by_test_id("dashboard-tab-flow").click()
    expect(dashboard.locator("[data-testid=flow-hop][data-hop=replied]")).to_be_visible(timeout=3_500)
    assert lab.is_busy, "another tab was opened and filled while the cell was still running"
    lab.execute("pass")

    lab.reload(path)
    dashboard.get_by_test_id("dashboard-tab-events").click(timeout=15_000)
    expect(dashboard.get_by_test_id("events-row")).to_have_count(1)
    lab.execute(RUN_50_TIMES, seconds=60)
    lab.execute(SEND.format("AFTER"))
    expect(dashboard.get_by_test_id("events-row")).to_have_count(2)
    expect(command).to_contain_text("µs")
    dashboard.get_by_test_id("dashboard-tab-catalog").click()
    expect(dashboard.get_by_test_id("catalog-count")).to_have_text("7 of 7")
    threads = lab.execute("import threading; print(sum(t.name == 'recq-widgets' for t in threading.enumerate()))")
    assert threads == "1\n"

    lab.restart_kernel(path)
    expect(page.get_by_test_id("notice").first).to_contain_text("The kernel that drew this is gone")
    lab.run_all()
    dashboard.get_by_test_id("dashboard-tab-events").click()
    expect(dashboard.get_by_test_id("events-empty")).to_be_visible()
    expect(dashboard.get_by_test_id("events-row")).to_have_count(0)
    assert lab.page_errors == []
