"""Loading and unloading the extension in a real shell."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from recq_nb import DomainCommand, Session
from recq_nb.errors import SessionClosedError, StoreError
from tests.integration.notebook_shell import TODO_PAYLOADS, Notebook


def test_loading_starts_a_session_in_memory_and_binds_it(notebook: Notebook) -> None:
    assert isinstance(notebook["recq"], Session)
    assert notebook.session.store == "memory"


def test_loading_twice_keeps_the_first_session(notebook: Notebook) -> None:
    first = notebook.session
    notebook.run("%load_ext recq_nb")
    notebook.run("import recq_nb; recq_nb.load_ipython_extension(get_ipython())")
    assert notebook.session is first


def test_reloading_leaves_one_open_session(notebook: Notebook) -> None:
    first = notebook.session
    threads = threading.active_count()
    outcome = notebook.run("%reload_ext recq_nb")
    assert outcome.error is None
    assert notebook.session is not first
    assert threading.active_count() == threads
    with pytest.raises(SessionClosedError):
        first.register()


def test_loading_lends_names_but_takes_none_away(empty_notebook: Notebook) -> None:
    empty_notebook.run("View = 'my own'")
    empty_notebook.run("%load_ext recq_nb")
    assert empty_notebook["View"] == "my own"
    assert empty_notebook["DomainCommand"] is DomainCommand


def test_unloading_takes_back_what_was_lent_and_leaves_what_is_the_users(empty_notebook: Notebook) -> None:
    notebook = empty_notebook
    threads = set(threading.enumerate())
    notebook.run("%load_ext recq_nb")
    notebook.run("View = 'my own'; mine = 1")
    outcome = notebook.run("%unload_ext recq_nb")
    assert outcome.error is None
    assert "recq" not in notebook
    assert "DomainCommand" not in notebook
    assert notebook["View"] == "my own"
    assert notebook["mine"] == 1
    assert set(threading.enumerate()) == threads
    assert "not found" in notebook.run(TODO_PAYLOADS).printed


def test_the_environment_may_name_the_store(
    empty_notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECQ_STORE", str(tmp_path / "todo.duckdb"))
    assert empty_notebook.run("%load_ext recq_nb").error is None
    assert empty_notebook.session.store == str(tmp_path / "todo.duckdb")


def test_a_store_that_cannot_be_opened_loads_nothing(
    empty_notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECQ_STORE", str(tmp_path))
    outcome = empty_notebook.run("%load_ext recq_nb")
    assert isinstance(outcome.error, StoreError)
    assert "Traceback" not in outcome.printed
    assert "recq" not in empty_notebook
    monkeypatch.delenv("RECQ_STORE")
    assert empty_notebook.run("%load_ext recq_nb").error is None


def test_the_magics_follow_a_session_the_user_binds(notebook: Notebook) -> None:
    loaded = notebook.session
    notebook.run("recq = Session(timeout=5.0)")
    notebook.run(TODO_PAYLOADS)
    own = notebook.session
    assert own is not loaded
    assert "TodoListView" in own.bundle.payloads
    assert not loaded.bundle.payloads
    own.close()


def test_cells_find_their_names_again_after_a_reset_of_the_namespace(notebook: Notebook) -> None:
    notebook.run("%reset -f")
    outcome = notebook.run(TODO_PAYLOADS)
    assert outcome.error is None
    assert "TodoListView" in notebook.session.bundle.payloads
