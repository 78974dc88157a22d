"""``%%recq_spec`` in a real shell: passing, failing, the table of all, and the exported pytest file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recq_nb import MagicUsageError
from recq_nb.testing import SpecificationFailure
from tests.integration.notebook_shell import Notebook

PASSING = """%%recq_spec a list is created
specification(TodoListAggregate).when(TodoListCreateCommand(identifier="T1", name="Groceries")).then(
    TodoListCreatedEvent(identifier="T1", name="Groceries")
)
"""
FAILING = """%%recq_spec a list keeps <b>its</b> name
specification(TodoListAggregate).when(TodoListCreateCommand(identifier="T1", name="<script>")).then(
    TodoListCreatedEvent(identifier="T1", name="Groceries")
)
"""
ROWS = '''%%recq_spec a created list has a row
created = TodoListCreatedEvent(identifier="T1", name="""Grocer
ies""")
specification(TodoListProjector).given(created).then_rows(
    TodoListRow, [TodoListRow(identifier="T1", name=created.name)]
)
'''


def test_a_specification_that_holds_passes_the_cell_and_shows_the_table(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run(PASSING)

    assert outcome.error is None
    assert outcome.shown[0].splitlines() == [
        "1 passed, 0 failed",
        "  specification      outcome",
        "  a list is created  passed",
    ]


def test_a_specification_that_does_not_hold_fails_the_cell_with_an_escaped_table(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run(FAILING)

    assert isinstance(outcome.error, SpecificationFailure)
    assert "≠  [0].name        'Groceries'  '<script>'" in outcome.shown[0]
    assert "<script>" not in outcome.html[0]
    assert "&lt;script&gt;" in outcome.html[0]


def test_the_specifications_of_a_notebook_collect_into_a_table(todo_notebook: Notebook) -> None:
    todo_notebook.run(PASSING)
    todo_notebook.run(FAILING)

    outcome = todo_notebook.run("%recq specs")

    assert outcome.shown[0].splitlines()[0] == "1 passed, 1 failed"
    assert "<b>" not in outcome.html[0]


def test_a_specification_without_a_name_says_how_to_write_one(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run("%%recq_spec\nspecification(TodoListAggregate)")

    assert isinstance(outcome.error, MagicUsageError)


@pytest.mark.parametrize("line", ["export", "import x", "export a b"])
def test_specs_says_what_it_takes(todo_notebook: Notebook, line: str) -> None:
    assert isinstance(todo_notebook.run(f"%recq specs {line}").error, MagicUsageError)


def test_exported_specifications_pass_unchanged_in_plain_pytest(todo_notebook: Notebook, tmp_path: Path) -> None:
    assert todo_notebook.run(PASSING).error is None
    assert todo_notebook.run(ROWS).error is None
    path = tmp_path / "test_todo.py"

    assert todo_notebook.run(f"%recq specs export '{path}'").error is None

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "-p", "no:cacheprovider", str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "2 passed" in ran.stdout) == (0, True), ran.stdout + ran.stderr


def test_a_failing_specification_fails_in_the_exported_file_too(todo_notebook: Notebook, tmp_path: Path) -> None:
    todo_notebook.run(FAILING)
    path = tmp_path / "test_todo.py"
    todo_notebook.run(f"%recq specs export '{path}'")

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "-p", "no:cacheprovider", str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "SpecificationFailure" in ran.stdout) == (1, True), ran.stdout + ran.stderr
