"""Fixtures: a notebook to run cells in, empty, with the extension loaded, or with a model defined."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from recq_nb.magics import unload_ipython_extension
from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS, Notebook


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An InteractiveShell without history file and colours, which is the process's only one."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.delenv("RECQ_STORE", raising=False)
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    running = InteractiveShell.instance(config=config)
    yield running
    unload_ipython_extension(running)
    running.restore_sys_module_state()  # type: ignore[no-untyped-call]  # IPython's
    InteractiveShell.clear_instance()


@pytest.fixture
def empty_notebook(shell: InteractiveShell) -> Notebook:
    """A notebook in which nothing was run."""
    return Notebook(shell)


@pytest.fixture
def notebook(empty_notebook: Notebook) -> Notebook:
    """A notebook that has loaded the extension."""
    assert empty_notebook.run("%load_ext recq_nb").error is None
    return empty_notebook


@pytest.fixture
def todo_notebook(notebook: Notebook) -> Notebook:
    """A notebook with the todo-list model in two cells."""
    assert notebook.run(TODO_PAYLOADS, cell_id="payloads").error is None
    assert notebook.run(TODO_COMPONENTS, cell_id="components").error is None
    return notebook
