"""The README keeps its word: its cells run in the order they are printed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.notebook_shell import Notebook

README = Path(__file__).parent.parent.parent / "README.md"


def test_the_first_system_of_the_readme_runs_as_printed(empty_notebook: Notebook) -> None:
    cells = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)

    outcomes = [empty_notebook.run(cell) for cell in cells]

    assert [outcome.error for outcome in outcomes] == [None] * len(cells)
    assert "Groceries" in [outcome.value for outcome in outcomes]
