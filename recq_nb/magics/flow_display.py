"""A recorded flow as a cell's last expression: its sequence diagram, and the tree as plain text."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from recq_nb.flow.flow_graph import FlowGraph
from recq_nb.flow.sequence_picture import to_html


def install(shell: InteractiveShell) -> None:
    """Have recorded flows show themselves in this shell."""
    if shell.display_formatter is not None:
        shell.display_formatter.formatters["text/html"].for_type(FlowGraph, to_html)


def remove(shell: InteractiveShell) -> None:
    """Undo ``install``."""
    if shell.display_formatter is not None:
        shell.display_formatter.formatters["text/html"].type_printers.pop(FlowGraph, None)
