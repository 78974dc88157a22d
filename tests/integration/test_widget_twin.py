"""An executed notebook, converted to HTML, shows each widget's last picture without the network."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS

SEND = "await recq.send(TodoListCreateCommand(identifier='A', name='Name'))\nawait recq.settled()"
CELLS = ("%load_ext recq_nb", TODO_PAYLOADS, TODO_COMPONENTS, "recq.flow()", "recq.catalog()", SEND)


def test_html_of_an_executed_notebook_shows_what_happened_after_the_widget_was_made(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()

    html, _ = HTMLExporter().from_notebook_node(notebook)  # type: ignore[no-untyped-call]  # has no annotations

    shown = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert re.search(r"<text[^>]*>TodoListCreatedEvent", shown)
    assert 'aria-label="catalog of the model"' in shown
