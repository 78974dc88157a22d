"""Fixtures of the browser tests: one JupyterLab and one browser for all, a tab and a workspace for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.ui.chromium import find_chromium
from tests.ui.lab_page import LabPage
from tests.ui.lab_server import LabServer

ROOT = Path(__file__).parent.parent.parent
ARTIFACTS = ROOT / "artifacts"
_FAILED = pytest.StashKey[bool]()


class Scratch:
    """Writes notebooks for one test into the server's root."""

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._name = name

    def notebook(self, *cells: str) -> str:
        """Writes code cells as a notebook of the test's name; returns its path as JupyterLab knows it."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = f"{self._name}.ipynb"
        nbformat.write(notebook, self._root / path)
        return path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if getattr(report, "failed", False):
        item.stash[_FAILED] = True
    return report


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with LabServer(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            # No name resolves: whatever asks for another host fails at once, and the tab's own requests are noted.
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield browser
        browser.close()


@pytest.fixture
def lab(lab_server: LabServer, browser: Browser, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    """A tab in a fresh workspace. Afterwards its kernels are gone, and nothing it asked for was on another machine."""
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = LabPage(context.new_page(), lab_server, ARTIFACTS, workspace=name)
    yield tab
    if request.node.stash.get(_FAILED, False):
        tab.screenshot(f"failed-{name}")
        print(f"JupyterLab's log:\n{lab_server.log()[-4000:]}")
    context.close()
    lab_server.shut_down_kernels()
    assert tab.foreign_requests == []
    assert lab_server.kernels() == []


@pytest.fixture
def scratch(lab_server: LabServer, request: pytest.FixtureRequest) -> Scratch:
    return Scratch(lab_server.root, re.sub(r"\W+", "-", request.node.name).strip("-"))
