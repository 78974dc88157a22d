"""All widgets on one page: what the console sends is seen in each at once, and a burst stops none of them."""

from __future__ import annotations

import statistics
from typing import cast

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import Scratch
from tests.ui.lab_page import LabPage
from tests.ui.widget_models import MODEL

WITHIN_MS = 300
ALL = """
from IPython.display import display
for widget in (recq.console(), recq.flow(), recq.graph(), recq.events(), recq.consumers()):
    display(widget)
"""
# Sends what is filled in and notes, by the page's clock, when each widget first shows what became of it. What a widget
# shows before the click is taken first, so that only something new counts.
SEND_AND_WATCH = """([code, event]) => new Promise(resolve => {
  const one = selector => document.querySelector(selector);
  const newest = () => one('[data-testid=console-call]');
  const position = () => Number(one('[data-testid^=consumer-TodoListProjector]').dataset.position);
  const handler = () => one('[data-testid=graph-stage] [data-target="TodoListAggregate.create"]').dataset.count;
  const before = { call: newest()?.dataset.call, graph: handler(), events: event - 1, consumers: position() };
  const hops = new Set([...document.querySelectorAll('[data-testid=flow-hop]')].map(row => row.dataset.correlation));
  const answered = code
    ? row => row.dataset.hop === 'rejected' && row.getAttribute('aria-label').includes(code)
    : row => row.dataset.hop === 'replied';
  const shown = {
    console: () => newest()?.dataset.call !== before.call
      && (code ? one('[data-testid=console-code]')?.textContent === code : newest()?.dataset.state === 'confirmed'),
    flow: () => [...document.querySelectorAll('[data-testid=flow-hop]')]
      .some(row => !hops.has(row.dataset.correlation) && answered(row)),
    graph: () => handler() !== before.graph,
  };
  if (!code) {
    shown.events = () => Number(one('[data-testid=events-row]')?.dataset.number) === event;
    shown.consumers = () => position() === event;
  }
  const took = {};
  const start = performance.now();
  const look = () => {
    for (const name of Object.keys(shown).filter(name => !(name in took) && shown[name]())) {
      took[name] = Math.round(performance.now() - start);
    }
    if (Object.keys(took).length === Object.keys(shown).length || performance.now() - start > 5000) {
      observer.disconnect();
      clearInterval(timer);
      resolve(took);
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  const timer = setInterval(look, 1000);
  one('[data-testid=console-send]').click();
})"""
TRIES = 5
BATCHES = 3

Took = dict[str, int]


def _sent(page: Page, name: str, *, code: str = "", event: int = 0, identifier: str) -> Took:
    page.get_by_test_id("console-field-identifier").fill(identifier)
    page.get_by_test_id("console-field-name").fill(name)
    expect(page.get_by_test_id("console-form")).to_have_attribute("data-problems", "0")
    page.wait_for_timeout(200)  # the form's own checking is over, as it is when a person reaches for the button
    return cast("Took", page.evaluate(SEND_AND_WATCH, [code, event]))


def _middle(tries: list[Took]) -> Took:
    return {name: round(statistics.median(one.get(name, 5_000) for one in tries)) for name in tries[0] | tries[-1]}


@pytest.mark.timeout(240)
def test_what_the_console_sends_is_seen_in_every_widget_within_300_ms(lab: LabPage, scratch: Scratch) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 1600})
    lab.open_notebook(scratch.notebook(*MODEL, ALL))
    lab.run_all()
    page = lab.page
    page.get_by_test_id("console-pick-TodoListCreateCommand").click()
    expect(page.get_by_test_id("console-form")).to_have_attribute("data-name", "TodoListCreateCommand")
    expect(page.get_by_test_id("graph-stage").locator("[data-node='TodoListAggregate.create']")).to_be_visible()
    expect(page.get_by_test_id("consumers-head")).to_have_text("0")
    expect(page.get_by_test_id("flow-diagram")).to_be_visible()

    sent = 0
    everywhere: Took = {}
    quick: Took = {}
    for _ in range(BATCHES):  # a machine that is busy with other things only adds to these times
        accepted = [
            _sent(page, "Milk", event=sent + number + 1, identifier=f"A{sent + number}") for number in range(TRIES)
        ]
        refused = [_sent(page, "", code="todo_list.name", identifier=f"R{number}") for number in range(TRIES)]
        print(f"ms from the click, accepted: {accepted}\nrefused: {refused}")
        sent += TRIES
        everywhere, quick = _middle(accepted), _middle(refused)
        if max(*everywhere.values(), *quick.values()) <= WITHIN_MS:
            break

    assert everywhere.keys() == {"console", "flow", "graph", "events", "consumers"}
    assert quick.keys() == {"console", "flow", "graph"}
    assert max(everywhere.values()) <= WITHIN_MS, everywhere
    assert max(quick.values()) <= WITHIN_MS, quick
    assert lab.execute("print(recq.sql('select count(*) from recq.events').rows())") == f"[({sent},)]\n"
    lab.screenshot("all-widgets-light")
    assert lab.page_errors == []
