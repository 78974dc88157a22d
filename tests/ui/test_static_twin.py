"""The static twin in a real JupyterLab: unseen beside the live view, renewed with it, and there without a kernel."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Scratch
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import MODEL

SEND = "recq.send(TodoListCreateCommand(identifier='A', name='Name')).result(); recq.settled().result()"


@pytest.mark.timeout(180)
def test_a_saved_notebook_keeps_the_last_picture_for_readers_without_a_kernel(lab: LabPage, scratch: Scratch) -> None:
    path = scratch.notebook(*MODEL, "recq.flow()")
    lab.open_notebook(path)
    lab.run_all()
    page = lab.page
    twin = page.locator(".recq-twin")
    expect(page.get_by_test_id("flow-diagram")).to_contain_text("No message yet")
    expect(twin).to_be_hidden()
    live = page.get_by_test_id("flow-diagram").element_handle()

    lab.execute(SEND)

    expect(twin).to_contain_text("TodoListCreateCommand")
    expect(twin).to_be_hidden()
    assert live.evaluate("node => node.isConnected"), "the live view was not drawn anew"

    lab.command("docmanager:save")
    lab.restart_kernel(path)
    lab.reload(path)
    expect(twin).to_be_visible()
    expect(twin).to_contain_text("TodoListCreatedEvent")
    lab.screenshot("static-twin")
    assert lab.page_errors == []
