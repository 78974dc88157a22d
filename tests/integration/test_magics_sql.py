"""``%%recq_sql`` in a real shell."""

from __future__ import annotations

import pandas as pd
import pytest

from recq_nb.errors import MagicUsageError, ReadOnlySqlError
from tests.integration.notebook_shell import Notebook

SEND = "await recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Groceries')); await recq.settled()"


def test_a_query_shows_its_dataframe(todo_notebook: Notebook) -> None:
    todo_notebook.run(SEND)
    outcome = todo_notebook.run("%%recq_sql\nselect name\nfrom todo_list_row\n")
    assert isinstance(outcome.value, pd.DataFrame)
    assert outcome.value.to_dict("records") == [{"name": "Groceries"}]
    assert "Groceries" in outcome.printed


def test_a_query_binds_its_dataframe_to_a_name(todo_notebook: Notebook) -> None:
    todo_notebook.run(SEND)
    outcome = todo_notebook.run("%%recq_sql events\nselect event_name, aggregate_id from recq.events\n")
    assert todo_notebook["events"] is outcome.value
    assert outcome.value.to_dict("records") == [  # type: ignore[attr-defined]  # a dataframe, see above
        {"event_name": "TodoListCreatedEvent", "aggregate_id": "TDLS_1"}
    ]


@pytest.mark.parametrize(
    "source",
    ["%%recq_sql 1st\nselect 1", "%%recq_sql class\nselect 1", "%%recq_sql a b\nselect 1", "%%recq_sql\n\n"],
)
def test_bad_usage_says_how_it_is_written(notebook: Notebook, source: str) -> None:
    outcome = notebook.run(source)
    assert type(outcome.error) is MagicUsageError
    assert "Write `%%recq_sql`" in outcome.printed


def test_sql_that_writes_is_refused_and_binds_nothing(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run("%%recq_sql gone\ndelete from recq.events\n")
    assert isinstance(outcome.error, ReadOnlySqlError)
    assert "Traceback" not in outcome.printed
    assert "gone" not in todo_notebook


def test_sql_may_write_tables_of_the_users_own_when_asked(notebook: Notebook) -> None:
    outcome = notebook.run("%%recq_sql --write mine\ncreate table mine as select 1 as one;\nfrom mine\n")
    assert outcome.error is None
    assert isinstance(outcome.value, pd.DataFrame)
    assert outcome.value.to_dict("records") == [{"one": 1}]
    assert notebook["mine"] is outcome.value


def test_sql_with_a_mistake_fails_the_cell_with_the_reason(notebook: Notebook) -> None:
    outcome = notebook.run("%%recq_sql\nselect * from nowhere\n")
    assert outcome.error is not None
    assert "nowhere" in outcome.printed
