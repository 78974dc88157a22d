"""Where a definition comes from: the notebook cell that is running."""

from __future__ import annotations

from collections.abc import Mapping

from IPython.core.interactiveshell import InteractiveShell


def cell_origin(shell: InteractiveShell) -> str | None:
    """The id of the running cell, the same each time it is run again, as JupyterLab and its like send it.

    None in front ends that do not say which cell runs (terminals, nbconvert): definitions are then still replaced by
    name, but one deleted from a cell's text stays until ``recq.unregister`` or a restart.
    """
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if callable(get_parent) else None
    metadata = parent.get("metadata") if isinstance(parent, Mapping) else None
    cell_id = metadata.get("cellId") if isinstance(metadata, Mapping) else None
    return cell_id if isinstance(cell_id, str) and cell_id else None
