"""Every notebook of the project runs top to bottom in a real JupyterLab, and is seen to look right in both themes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.ui.conftest import ROOT
from tests.ui.lab_page import LabPage
from tests.ui.lab_server import LabServer

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_top_to_bottom(lab: LabPage, lab_server: LabServer, notebook: Path) -> None:
    shutil.copy(notebook, lab_server.root)
    lab.open_notebook(notebook.name)

    lab.run_all(seconds=200)

    lab.screenshot(f"{notebook.stem}-light")
    lab.set_theme("dark")
    lab.screenshot(f"{notebook.stem}-dark")
    assert lab.errors() == []
    assert lab.page_errors == []
