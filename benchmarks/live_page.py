"""A live page: a session in a notebook's kernel, with its flow in a real JupyterLab in Chromium, or without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import nbformat

from benchmarks.sample import Sample
from tests.ui.lab_page import LabPage
from tests.ui.lab_server import LabServer

_ROOT = Path(__file__).parent.parent
_NAME = "live.ipynb"
_SYSTEM = f"""import json, sys
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, {str(_ROOT)!r})
from benchmarks.account import READ_SIDE, WRITE_SIDE
from benchmarks.systems import OurSystem
system = globals().get("system") or OurSystem("memory", WRITE_SIDE + READ_SIDE)"""
_SEND = """
with ThreadPoolExecutor(1) as thread:  # the kernel's own has a running event loop
    sample = thread.submit(system.in_flight, {number}, {clients}, {count}).result()
print(json.dumps([sample.count, sample.seconds]))
"""


class LivePage(NamedTuple):
    """The page; commands are sent from the kernel, in flight at once, as in a cell."""

    lab: LabPage

    def watched(self, number: int, clients: int, count: int) -> Sample:
        """Send them with the flow in sight."""
        self.lab.run_all()
        self.lab.page.get_by_test_id("flow-diagram").wait_for()
        return self._sent(2 * number, clients, count)

    def unwatched(self, number: int, clients: int, count: int) -> Sample:
        """Send them with nothing in sight."""
        self.lab.command("notebook:clear-all-cell-outputs")
        self.lab.page.locator(".recq-widget").wait_for(state="detached")
        return self._sent(2 * number + 1, clients, count)

    def _sent(self, number: int, clients: int, count: int) -> Sample:
        return Sample(*json.loads(self.lab.execute(_SEND.format(number=number, clients=clients, count=count))))


@contextmanager
def live_page(folder: Path) -> Iterator[LivePage]:
    """The page while the block lasts.

    Raises:
        BrowserMissingError: There is no Chromium.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only who measures this needs it

    from tests.ui.chromium import find_chromium  # noqa: PLC0415  as above

    executable = find_chromium()
    home = folder / "lab"
    with LabServer(home) as server, sync_playwright() as playwright:
        cells = [nbformat.v4.new_code_cell(cell) for cell in (_SYSTEM, "system.session.flow()")]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, server.root / _NAME)
        browser = playwright.chromium.launch(executable_path=executable)
        lab = LabPage(browser.new_page(viewport={"width": 1280, "height": 800}), server, folder, "bench")
        try:
            lab.open_notebook(_NAME)
            lab.run_all()
            yield LivePage(lab)
        finally:
            browser.close()
            server.shut_down_kernels()
