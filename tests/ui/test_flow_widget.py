"""The flow widget in a real JupyterLab: it draws what messages do, live, and every control of it works."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.ui.conftest import Scratch
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import MODEL

TRAFFIC = """
for number in range(3):
    reply = await recq.send(TodoListCreateCommand(identifier=f"TDLS_{number}", name=f"List {number}"))
    await recq.query(TodoListFindQuery(identifier=f"TDLS_{number}"), after=reply)
try:
    await recq.send(TodoListCreateCommand(identifier="TDLS_9", name=""))
except Rejection as no:
    print(no.code)
"""


def test_it_draws_real_traffic_and_every_control_works(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*MODEL, TRAFFIC, "recq.flow()"))

    lab.run_all()

    page = lab.page
    hops = page.get_by_test_id("flow-hop")
    expect(hops.first).to_be_visible()
    expect(page.locator("[data-testid=flow-hop][data-hop=rejected]")).to_be_visible()
    lab.screenshot("flow-light")
    lab.set_theme("dark")
    lab.screenshot("flow-dark")
    assert lab.errors() == []
    assert lab.page_errors == []
