"""The catalog and the dashboard in a real JupyterLab: the model is listed, filters and jumps work, nothing is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Scratch
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import MODEL, SEND_WHILE_BUSY

HOSTILE = """%%recq_payload
class HostileEvent(DomainEvent):
    '''<img src=x onerror="document.title='1'"></script> \u202etxet'''

    text: str = "</script><img src=x onerror=document.title=1>"
"""
SEND = "await recq.send(TodoListCreateCommand(identifier='A', name='Name'))\nawait recq.settled()"


@pytest.mark.timeout(240)
def test_the_catalog_lists_the_model_and_every_filter_and_jump_works(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*MODEL, HOSTILE, SEND, "recq.catalog()"))
    lab.run_all()
    page = lab.page
    entries, details = page.get_by_test_id("catalog-entry"), page.get_by_test_id("catalog-details")

    expect(entries).to_have_count(8)
    page.get_by_test_id("catalog-kind").select_option("domain event")
    expect(entries).to_have_count(2)
    page.get_by_test_id("catalog-component").select_option("TodoListProjector")
    expect(entries).to_have_count(1)
    page.get_by_test_id("catalog-kind").select_option("")
    expect(entries).to_have_count(2)
    page.get_by_test_id("catalog-component").select_option("")
    page.get_by_test_id("catalog-domain").select_option("TodoList")
    expect(entries).to_have_count(7)
    page.get_by_test_id("catalog-text").fill("created")
    expect(entries).to_have_count(3)
    page.get_by_test_id("catalog-text").fill("")
    page.get_by_test_id("catalog-domain").select_option("")

    page.locator("[data-testid=catalog-entry][data-name=TodoListCreateCommand]").click()
    expect(details).to_contain_text("TodoListAggregate.create")
    page.get_by_test_id("catalog-ask-schema").click()
    expect(page.get_by_test_id("catalog-schema")).to_contain_text('"identifier"')
    page.get_by_test_id("catalog-to-console").click()
    expect(page.get_by_test_id("catalog-said")).to_have_text("The console is not in this page: run recq.console()")
    lab.screenshot("catalog-light")
    details.get_by_text("TodoListAggregate.create").click()
    expect(page.get_by_test_id("catalog-handler")).to_have_count(2)
    page.get_by_test_id("catalog-close").click()
    expect(details).to_have_count(0)

    page.get_by_test_id("catalog-list").focus()
    page.keyboard.press("End")
    expect(details).to_contain_text("TodoListProjection")
    page.locator("[data-testid=catalog-entry][data-name=HostileEvent]").click()
    expect(page.get_by_test_id("catalog-description")).to_contain_text("<img src=x onerror=")
    lab.set_theme("dark")
    lab.screenshot("catalog-dark")
    assert page.title() != "1"
    assert lab.errors() == []
    assert lab.page_errors == []


@pytest.mark.timeout(240)
def test_the_catalog_lives_through_a_busy_cell_a_reload_new_definitions_and_a_restart(
    lab: LabPage, scratch: Scratch
) -> None:
    path = scratch.notebook(*MODEL, "recq.catalog()")
    lab.open_notebook(path)
    lab.run_all()
    page = lab.page
    command = page.locator("[data-testid=catalog-entry][data-name=TodoListCreateCommand]")
    expect(command).not_to_contain_text("µs")

    lab.start(SEND_WHILE_BUSY)
    expect(command).to_contain_text("µs", timeout=3_500)
    command.click()
    page.get_by_test_id("catalog-ask-schema").click()
    expect(page.get_by_test_id("catalog-schema")).to_be_visible(timeout=2_000)
    assert lab.is_busy, "the schema came while the cell was still running"
    lab.execute("pass")

    lab.command("docmanager:save")
    lab.reload(path)
    expect(command).to_contain_text("µs", timeout=15_000)
    assert lab.execute("recq.unregister('TodoListProjection')") == ""
    expect(page.get_by_test_id("catalog-count")).to_have_text("6 of 6")

    lab.restart_kernel(path)
    expect(page.get_by_test_id("notice")).to_contain_text("The kernel that drew this is gone")
    lab.run_all()
    expect(page.get_by_test_id("catalog-count")).to_have_text("7 of 7")
    assert lab.page_errors == []


@pytest.mark.timeout(240)
def test_the_dashboard_opens_tabs_jumps_between_them_and_keeps_what_was_typed(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(*MODEL, SEND, "recq.dashboard()"))
    lab.run_all()
    page = lab.page

    page.get_by_test_id("dashboard-tab-catalog").click()
    page.get_by_test_id("catalog-text").fill("created")
    page.locator("[data-testid=catalog-entry][data-name=TodoListCreatedEvent]").click()
    page.get_by_test_id("catalog-to-flow").click()
    expect(page.get_by_test_id("dashboard-tab-flow")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_test_id("flow-text")).to_have_value("TodoListCreatedEvent")
    expect(page.get_by_test_id("dashboard-panel-catalog")).to_be_hidden()
    page.keyboard.press("Tab")
    page.get_by_test_id("dashboard-tab-flow").focus()
    page.keyboard.press("End")
    page.get_by_test_id("dashboard-tab-catalog").click()
    expect(page.get_by_test_id("catalog-text")).to_have_value("created")
    page.get_by_test_id("catalog-to-graph").click()
    expect(page.get_by_test_id("dashboard-tab-graph")).to_have_attribute("aria-selected", "true")
    expect(page.locator("[data-node='TodoListCreatedEvent'].recq-found")).to_be_in_viewport()
    page.get_by_test_id("dashboard-tab-catalog").click()
    page.get_by_test_id("catalog-text").fill("")
    page.locator("[data-testid=catalog-entry][data-name=TodoListCreateCommand]").click()
    expect(page.get_by_test_id("catalog-details")).to_contain_text("TodoListAggregate.create")
    page.get_by_test_id("catalog-to-console").click()
    expect(page.get_by_test_id("console-form")).to_have_attribute("data-name", "TodoListCreateCommand")

    tabs = page.get_by_role("tab", name="").filter(has=page.locator("xpath=self::*[@data-part]"))
    for place in range(tabs.count()):
        tabs.nth(place).click()
        lab.screenshot(f"dashboard-{tabs.nth(place).get_attribute('data-part')}")
    assert page.locator(".recq-problem").count() == 0
    lab.set_theme("dark")
    page.get_by_test_id("dashboard-tab-catalog").click()
    lab.screenshot("dashboard-dark")
    assert lab.errors() == []
    assert lab.page_errors == []
