"""The harness itself: what it says about a tab is what is there."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.ui.conftest import Scratch
from tests.ui.lab_page import CellError, LabPage
from tests.ui.lab_server import LabServer

LINE = 12


def test_cells_run_in_a_real_kernel_and_their_outputs_are_read_back(lab: LabPage, scratch: Scratch) -> None:
    path = scratch.notebook("print('hello'); 6 * 7", "import asyncio\nawait asyncio.sleep(0)\n'awaited'", "")
    lab.open_notebook(path)

    lab.run_all()

    assert lab.cell_text(0) == "hello\n42"
    assert lab.cell_text(1) == "'awaited'"
    assert lab.cell_outputs(2) == []
    assert lab.errors() == []
    assert lab.page_errors == []
    # No question about news and no other dialog is in the way.
    assert lab.page.locator(".jp-Dialog, .Toastify__toast").count() == 0


def test_a_failing_cell_ends_the_run_and_is_named(lab: LabPage, scratch: Scratch) -> None:
    path = scratch.notebook("1 + 1", "raise LookupError('no such list')", "'never reached'")
    lab.open_notebook(path)

    lab.run_all()

    assert lab.errors() == [CellError(1, "LookupError", "no such list")]
    assert lab.cell_outputs(2) == []


def test_a_second_run_shows_nothing_of_the_first(lab: LabPage, scratch: Scratch) -> None:
    path = scratch.notebook("runs = globals().get('runs', 0) + 1\nprint(runs)")
    lab.open_notebook(path)
    lab.run_all()

    lab.run_all()

    assert lab.cell_text(0) == "2\n"


def test_a_screenshot_shows_the_whole_notebook_in_the_theme_asked_for(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook("for line in range(100):\n    print(line)", "'the last cell'"), theme="dark")
    lab.run_all()

    dark = lab.screenshot("harness-dark")
    dark_paper = lab.style(".jp-Notebook", "background-color")
    lab.set_theme("light")
    light = lab.screenshot("harness-light")
    light_paper = lab.style(".jp-Notebook", "background-color")

    assert _size(light) == _size(dark)
    width, height = _size(light)
    assert width == 1280
    assert height > 100 * LINE
    assert (dark_paper, light_paper) == ("rgb(17, 17, 17)", "rgb(255, 255, 255)")


def test_a_request_to_another_machine_is_noted_and_fails(lab: LabPage, scratch: Scratch) -> None:
    lab.open_notebook(scratch.notebook("1"))

    reached = lab.page.evaluate("() => fetch('http://elsewhere.invalid/x').then(() => true, () => false)")

    assert reached is False
    assert lab.foreign_requests == ["http://elsewhere.invalid/x"]
    lab.foreign_requests.clear()


def test_kernels_are_listed_until_they_are_shut_down(lab: LabPage, scratch: Scratch, lab_server: LabServer) -> None:
    lab.open_notebook(scratch.notebook("1"))
    assert len(lab_server.kernels()) == 1

    lab_server.shut_down_kernels()

    assert lab_server.kernels() == []


def _size(picture: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height
