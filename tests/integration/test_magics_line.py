"""``%recq`` in a real shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from recq_nb import Session
from recq_nb.errors import MagicUsageError, SessionClosedError, StoreError
from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS, Notebook

SEND = "reply = await recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Groceries')); await recq.settled()"


@pytest.mark.parametrize("command", ["%recq", "%recq status"])
def test_the_status_names_store_events_definitions_and_consumers(todo_notebook: Notebook, command: str) -> None:
    todo_notebook.run(SEND)
    outcome = todo_notebook.run(command)
    assert outcome.error is None
    (shown,) = outcome.shown
    assert "recq: memory: 1 event, 4 payloads, 3 components" in shown
    assert "TodoListProjector" in shown
    assert "TodoListProjector" in outcome.html[0]


def test_the_status_of_an_empty_session_says_how_to_begin(notebook: Notebook) -> None:
    assert "%%recq_payload" in notebook.run("%recq").shown[0]


def test_help_lists_every_subcommand(notebook: Notebook) -> None:
    (shown,) = notebook.run("%recq help").shown
    for line in ("%recq status", "%recq help", "%recq store PATH|memory", "%recq reset --yes", "%%recq_sql [name]"):
        assert line in shown


@pytest.mark.parametrize(
    "command",
    ["%recq nonsense", "%recq store", "%recq store a b", "%recq store 'a", "%recq status 1", "%recq reset now"],
)
def test_bad_usage_says_what_there_is(notebook: Notebook, command: str) -> None:
    outcome = notebook.run(command)
    assert type(outcome.error) is MagicUsageError
    assert "  → " in outcome.printed
    assert "Traceback" not in outcome.printed


def test_a_store_is_opened_with_the_same_definitions(todo_notebook: Notebook, tmp_path: Path) -> None:
    before = todo_notebook.session
    outcome = todo_notebook.run(f"%recq store '{tmp_path}/my todo.duckdb'")
    assert outcome.error is None
    assert todo_notebook.session is not before
    assert todo_notebook.session.store == f"{tmp_path}/my todo.duckdb"
    assert set(todo_notebook.session.bundle.components) == set(before.bundle.components)
    assert set(todo_notebook.session.bundle.payloads) == set(before.bundle.payloads)
    with pytest.raises(SessionClosedError):
        before.register()
    assert todo_notebook.run(SEND).error is None


def test_definitions_carried_over_still_belong_to_their_cells(todo_notebook: Notebook, tmp_path: Path) -> None:
    todo_notebook.run("%%recq_payload\nclass Extra(View): pass\nclass Other(View): pass\n", cell_id="extra")
    todo_notebook.run(f"%recq store {tmp_path}/todo.duckdb")
    todo_notebook.run("%%recq_payload\nclass Other(View): pass\n", cell_id="extra")
    assert "Extra" not in todo_notebook.session.bundle.payloads
    assert "Other" in todo_notebook.session.bundle.payloads


def test_what_was_confirmed_is_found_again_in_a_reopened_store(todo_notebook: Notebook, tmp_path: Path) -> None:
    todo_notebook.run(f"%recq store {tmp_path}/todo.duckdb")
    todo_notebook.run(SEND)
    todo_notebook.run("%reload_ext recq_nb")
    todo_notebook.run(TODO_PAYLOADS)
    todo_notebook.run(TODO_COMPONENTS)

    outcome = todo_notebook.run(f"%recq store {tmp_path}/todo.duckdb")

    assert "1 event" in outcome.shown[0]
    found = todo_notebook.run("await recq.settled(); (await recq.query(TodoListFindQuery(identifier='TDLS_1'))).name")
    assert found.value == "Groceries"


def test_moving_from_memory_to_a_new_file_carries_the_log_over(todo_notebook: Notebook, tmp_path: Path) -> None:
    todo_notebook.run(SEND)
    outcome = todo_notebook.run(f"%recq store {tmp_path}/todo.duckdb")
    assert "carried over from memory: 1 event" in outcome.shown[0]
    found = todo_notebook.run("await recq.settled(); (await recq.query(TodoListFindQuery(identifier='TDLS_1'))).name")
    assert found.value == "Groceries"


def test_leaving_an_in_memory_store_for_a_used_one_says_what_is_lost(todo_notebook: Notebook, tmp_path: Path) -> None:
    todo_notebook.run(SEND)
    todo_notebook.run(f"%recq store {tmp_path}/todo.duckdb")
    todo_notebook.run("%recq store memory")
    todo_notebook.run(SEND)
    outcome = todo_notebook.run(f"%recq store {tmp_path}/todo.duckdb")
    assert "the in-memory store is gone, and with it 1 event" in outcome.shown[0]


def test_opening_the_store_in_use_again_changes_nothing(todo_notebook: Notebook, tmp_path: Path) -> None:
    todo_notebook.run(f"%recq store {tmp_path}/todo.duckdb")
    before = todo_notebook.session
    outcome = todo_notebook.run(f"%recq store {tmp_path}/../{tmp_path.name}/todo.duckdb")
    assert outcome.error is None
    assert todo_notebook.session is before


def test_a_store_that_cannot_be_opened_leaves_the_session_usable(todo_notebook: Notebook, tmp_path: Path) -> None:
    before = todo_notebook.session
    outcome = todo_notebook.run(f"%recq store {tmp_path}")
    assert isinstance(outcome.error, StoreError)
    assert "Traceback" not in outcome.printed
    assert todo_notebook.session is before
    assert todo_notebook.run(SEND).error is None


def test_a_closed_session_is_replaced_by_opening_a_store(todo_notebook: Notebook) -> None:
    todo_notebook.run("recq.close()")
    outcome = todo_notebook.run("%recq store memory")
    assert outcome.error is None
    assert todo_notebook.run(SEND).error is None


def test_the_status_of_a_closed_session_is_still_told(todo_notebook: Notebook) -> None:
    todo_notebook.run("recq.close()")
    outcome = todo_notebook.run("%recq")
    assert outcome.error is None
    assert "TodoListAggregate" in outcome.shown[0]


def test_a_reset_is_asked_for_twice(todo_notebook: Notebook) -> None:
    todo_notebook.run(SEND)
    outcome = todo_notebook.run("%recq reset")
    assert type(outcome.error) is MagicUsageError
    assert "deletes 1 event" in outcome.printed
    assert "%recq reset --yes" in outcome.printed
    assert todo_notebook.session.status().head == 1


def test_a_reset_empties_the_store_and_keeps_the_definitions(todo_notebook: Notebook) -> None:
    todo_notebook.run(SEND)
    outcome = todo_notebook.run("%recq reset --yes")
    assert outcome.error is None
    assert "1 event deleted" in outcome.shown[0]
    assert todo_notebook.session.status().head == 0
    assert "TodoListAggregate" in todo_notebook.session.bundle.components
    assert todo_notebook.run(SEND).error is None


def test_the_line_magic_shows_and_returns_nothing(notebook: Notebook) -> None:
    assert notebook.run("%recq").value is None
    assert isinstance(notebook["recq"], Session)


def test_lint_shows_where_the_model_breaks_a_rule_and_what_to_do(todo_notebook: Notebook) -> None:
    todo_notebook.run(
        "%%recq_payload\nclass NobodysCommand(DomainCommand):\n    identifier: AggregateId\n", cell_id="nobody"
    )
    (shown,) = todo_notebook.run("%recq lint").shown
    line = next(line for line in shown.splitlines() if "NobodysCommand" in line)
    assert line.split()[0].startswith("RECQ")
    assert "→" in line


def test_the_catalog_of_a_session_is_a_dataframe(todo_notebook: Notebook) -> None:
    names = todo_notebook.run("sorted(recq.catalog_df()['name'])").value
    assert isinstance(names, list)
    assert {"TodoListAggregate", "TodoListCreateCommand", "TodoListProjector"} <= set(names)
