"""The consumers widget in a real JupyterLab: it shows how far each is, and every action of it is seen in the kernel."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Scratch
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import LOAD

PAYLOADS = """%%recq_payload
class CountCommand(ServiceCommand):
    name: str
    number: int

class CountedEvent(ServiceEvent):
    name: str
    number: int
"""
COMPONENTS = """%%recq_component
from datetime import timedelta

@service
class Counter:
    @command_handler
    def count(self, command: CountCommand) -> CountedEvent:
        return CountedEvent(name=command.name, number=command.number)

class CountRow(ReadModel):
    number: Key[int]

@projector
class CountProjector:
    @event_handler(retry=0)
    def counted(self, event: CountedEvent, rows: Table[CountRow]) -> None:
        if event.number in poison:
            raise ValueError(f"<b>no {event.number}</b>")
        rows.upsert(CountRow(number=event.number))

@observer(start="first")
class CountObserver:
    @event_handler
    def counted(self, event: CountedEvent) -> None:
        seen.append(event.number)
        if event.number in delayed:
            raise TransientError("the mail server is away")

class CountState(SagaState):
    count: int = 0

@saga(start="first")
class CountSaga:
    @saga_event_handler(init=True, association_property="name")
    def counted(self, event: CountedEvent, state: CountState | None, scheduler: CommandScheduler) -> CountState:
        kept = state or CountState()
        kept.associate("name", event.name)
        kept.count += 1
        if event.number == 1:
            scheduler.schedule(CountCommand(name="later", number=99), after=timedelta(hours=1))
        return kept
"""
NAMES = "poison, seen, delayed = {3, 4, 5}, [], set()"
TRAFFIC = """
for number in range(1, 8):
    await recq.send(CountCommand(name="all", number=number))
await recq.settled()
"""
PROJECTOR, OBSERVER = "CountProjector_1_*", "CountObserver_1_*"
HEALTH = "print({one.component: str(one.health) for one in recq.consumer_statuses()}[%r])"
DEAD = "print([row[0] for row in recq.sql('select sequence_number from recq.dead_events order by 1').rows()])"
RUN_50_TIMES = f"""
for _ in range(50):
    get_ipython().run_cell({COMPONENTS!r}, silent=True).raise_error()
recq.send(CountCommand(name="all", number=8)).result()
recq.settled().result()
"""


@pytest.mark.timeout(240)
def test_it_shows_every_consumer_and_every_action_is_seen_in_the_kernel(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(LOAD, NAMES, PAYLOADS, COMPONENTS, TRAFFIC, "recq.consumers()", "recq.flow()"))
    lab.run_all()
    page = lab.page
    said = page.get_by_test_id("consumers-said")
    projector = page.get_by_test_id(f"consumer-{PROJECTOR}")
    observer = page.get_by_test_id(f"consumer-{OBSERVER}")
    expect(projector).to_have_attribute("data-position", "7")
    expect(page.get_by_test_id("consumers-head")).to_have_text("7")
    expect(page.get_by_test_id("dead-exception-3")).to_have_text("ValueError: <b>no 3</b>")
    expect(page.get_by_test_id(f"dead-{PROJECTOR}-3")).to_contain_text("in counted")
    expect(page.get_by_test_id(f"consumer-why-{PROJECTOR}")).to_contain_text("last error: ValueError: <b>no 5</b>")
    wide = page.locator(".recq-consumers-scroll").evaluate("node => node.scrollWidth - node.clientWidth")
    assert wide <= 0, "nothing of a consumer is cut off at 1280 pixels"
    lab.screenshot("consumers-light")
    lab.set_theme("dark")
    lab.screenshot("consumers-dark")
    lab.set_theme("light")

    page.get_by_test_id(f"consumer-pause-{OBSERVER}").click()
    expect(observer).to_have_attribute("data-health", "paused")
    assert lab.execute(HEALTH % "CountObserver") == "paused\n"
    lab.execute("for n in range(10, 30): recq.send(CountCommand(name='all', number=n)).result()")
    expect(page.get_by_test_id(f"consumer-lag-{OBSERVER}")).to_have_text("20")
    page.get_by_test_id(f"consumer-resume-{OBSERVER}").press("Enter")
    expect(observer).to_have_attribute("data-position", "27")
    assert lab.execute("recq.settled().result(); print(len(seen))") == "27\n"
    expect(page.get_by_test_id(f"consumer-rate-{OBSERVER}")).to_have_text(re.compile(r"^[1-9].*/s$"))

    page.get_by_test_id(f"consumer-replay-{OBSERVER}").click()
    expect(page.get_by_test_id("confirm")).to_contain_text("is done again")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("confirm")).to_have_count(0)
    assert lab.execute("print(len(seen))") == "27\n"
    page.get_by_test_id(f"consumer-replay-{OBSERVER}").click()
    lab.screenshot("consumers-confirm-light")
    page.get_by_test_id("confirm-yes").click()
    expect(said).to_contain_text("reads the log again")
    assert lab.execute("recq.settled().result(); print(len(seen))") == "54\n"

    page.get_by_test_id("consumers-tab-sagas").click()
    expect(page.get_by_test_id("saga-row")).to_contain_text("name = all")
    page.get_by_test_id("saga-flow").click()
    expect(said).to_have_text("The flow shows CountSaga.")
    expect(page.get_by_test_id("flow-component")).to_have_value("CountSaga")
    page.get_by_test_id("consumers-tab-sagas").press("ArrowRight")
    _scheduled_are_decided_on(lab)
    assert page.locator(".recq-widget b b").count() == 0
    assert lab.errors() == []
    assert lab.page_errors == []


def _scheduled_are_decided_on(lab: LabPage) -> None:
    page = lab.page
    row, confirm = page.get_by_test_id("scheduled-row"), page.get_by_test_id("confirm")
    expect(row).to_contain_text("CountCommand")
    expect(page.get_by_test_id("scheduled-retry")).to_have_count(0)
    page.get_by_test_id("scheduled-cancel").click()
    expect(confirm).to_contain_text("Cancel CountCommand? It is never sent")
    lab.screenshot("consumers-scheduled-light")
    page.get_by_test_id("confirm-no").click()
    assert lab.execute("print(len(recq.scheduled_df()))") == "1\n"
    page.get_by_test_id("scheduled-cancel").click()
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("consumers-scheduled")).to_contain_text("No command is scheduled")
    assert lab.execute("print(len(recq.scheduled_df()))") == "0\n"


@pytest.mark.timeout(240)
def test_dead_events_are_driven_again_one_or_all_and_deleted(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook(LOAD, NAMES, PAYLOADS, COMPONENTS, TRAFFIC, "recq.consumers()"))
    lab.run_all()
    page = lab.page
    said = page.get_by_test_id("consumers-said")

    page.get_by_test_id(f"dead-redrive-{PROJECTOR}-4").click()
    expect(said).to_contain_text("failed again: ValueError: <b>no 4</b>")
    lab.execute("poison.discard(4)")
    page.get_by_test_id(f"dead-redrive-{PROJECTOR}-4").click()
    expect(said).to_have_text("1 of 1 dead event handled.")
    expect(page.get_by_test_id(f"dead-{PROJECTOR}-4")).to_have_count(0)
    assert lab.execute(DEAD) == "[3, 5]\n"
    page.get_by_test_id(f"dead-delete-{PROJECTOR}-3").click()
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id(f"dead-{PROJECTOR}-3")).to_have_count(0)
    assert lab.execute(DEAD) == "[5]\n"
    lab.execute("poison.clear()")
    page.get_by_test_id("dead-redrive-all").click()
    expect(page.get_by_test_id("consumers-dead")).to_contain_text("No dead events")
    assert lab.execute(DEAD) == "[]\n"

    lab.execute("poison.add(8); recq.send(CountCommand(name='all', number=8)).result()")
    page.get_by_test_id("dead-delete-all").click()
    page.keyboard.press("Escape")
    assert lab.execute(DEAD) == "[8]\n"
    page.get_by_test_id("dead-delete-all").click()
    expect(page.get_by_test_id("confirm")).to_contain_text("Delete 1 dead event for good?")
    page.get_by_test_id("confirm-yes").click()
    expect(said).to_have_text("1 dead event deleted.")
    assert lab.execute(DEAD) == "[]\n"

    assert page.title() != "1"
    assert lab.page_errors == []


@pytest.mark.timeout(240)
def test_it_lives_through_a_busy_cell_a_stall_a_reload_50_re_runs_and_a_restart(lab: LabPage, scratch: Scratch) -> None:
    path = scratch.notebook(LOAD, "recq", NAMES, PAYLOADS, COMPONENTS, "recq.consumers()")
    lab.open_notebook(path)
    lab.run_all()
    page = lab.page
    observer = page.get_by_test_id(f"consumer-{OBSERVER}")
    expect(observer).to_have_attribute("data-health", "running")

    lab.execute("delayed.add(1); recq.send(CountCommand(name='all', number=1)).result()")
    expect(observer).to_have_attribute("data-health", "stalled")
    expect(page.get_by_test_id(f"consumer-why-{OBSERVER}")).to_contain_text("the mail server is away")
    lab.start("import time; time.sleep(5)")
    page.get_by_test_id(f"consumer-pause-{PROJECTOR}").click()
    expect(page.get_by_test_id(f"consumer-{PROJECTOR}")).to_have_attribute("data-health", "paused", timeout=3_000)
    assert lab.is_busy, "it was paused while the cell was still running"
    lab.execute("delayed.clear()")
    expect(observer).to_have_attribute("data-health", "running", timeout=15_000)

    lab.reload(path)
    expect(page.get_by_test_id(f"consumer-{PROJECTOR}")).to_have_attribute("data-health", "paused", timeout=15_000)
    page.get_by_test_id(f"consumer-resume-{PROJECTOR}").click()
    expect(page.get_by_test_id(f"consumer-{PROJECTOR}")).to_have_attribute("data-health", "running")
    lab.execute(RUN_50_TIMES, seconds=60)
    expect(page.get_by_test_id(f"consumer-{PROJECTOR}")).to_have_attribute("data-position", "2")
    threads = lab.execute(
        "import threading; print(sorted(t.name for t in threading.enumerate() if 'widgets' in t.name))"
    )
    assert threads == "['recq-widgets']\n"

    lab.restart_kernel(path)
    lab.run_all()
    expect(observer).to_have_attribute("data-position", "0")
    assert lab.page_errors == []
