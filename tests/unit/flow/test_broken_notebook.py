"""A notebook with twenty planted faults: each is found in its cell and line, and nothing else."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from recq_nb.flow.lint.linting import lint
from recq_nb.flow.sources.notebook import notebook_sources

CELLS = (Path(__file__).parent / "broken_notebook.txt").read_text().split("# ---\n")


def _notebook(cells: list[str]) -> str:
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]})


def _planted() -> list[tuple[int, int, str]]:
    return [
        (cell, line, rule)
        for cell, text in enumerate(CELLS, start=1)
        for line, code in enumerate(text.splitlines(), start=1)
        for rule in re.findall(r"#! (RECQ\d+)", code)
    ]


def test_twenty_planted_faults_are_twenty_findings_in_their_cells_and_lines() -> None:
    findings = lint(notebook_sources(_notebook(CELLS), "broken.ipynb"))

    assert [(one.position.cell, one.position.line, one.rule) for one in findings] == _planted()
    assert len(findings) == 20


def test_a_comment_on_the_line_silences_its_rules_and_no_other() -> None:
    silenced = [re.sub(r"#! (RECQ\d+)", r"# recq: ignore[\1]", cell) for cell in CELLS]
    others = [re.sub(r"#! (RECQ\d+)", "# recq: ignore[RECQ999, RECQ998]", cell) for cell in CELLS]
    everything = [re.sub(r"#! (RECQ\d+)", "# recq: ignore", cell) for cell in CELLS]

    found = [
        Counter(one.rule for one in lint(notebook_sources(_notebook(cells), "n.ipynb")))
        for cells in (silenced, others, everything)
    ]

    planted = Counter(rule for _, _, rule in _planted())
    assert found == [Counter(), planted + Counter({"RECQ002": 20}), Counter()]
