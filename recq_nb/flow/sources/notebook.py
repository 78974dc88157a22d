"""Sources of a notebook, read from its JSON: no kernel, no notebook library, nothing executed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from recq_nb.flow.sources.source import Source
from recq_nb.flow.sources.source_error import SourceError


def notebook_sources(text: str, path: str, *, module: str = "__main__") -> tuple[Source, ...]:
    """One source per code cell, in the order of the notebook.

    Args:
        text: The notebook as JSON.
        path: How positions name it.
        module: The namespace its cells share.

    Raises:
        SourceError: It is no notebook.
    """
    try:
        document: object = json.loads(text)
    except ValueError as error:
        raise SourceError(f"{path} is no notebook: {error}.", remedy="Give a file that Jupyter can open.") from None
    cells = document.get("cells") if isinstance(document, Mapping) else None
    if not isinstance(cells, Sequence):
        raise SourceError(
            f"{path} is no notebook of format 4: it has no cells.", remedy="Open and save it in JupyterLab first."
        )
    return tuple(_code_cells(cells, path, module))


def _code_cells(cells: Sequence[object], path: str, module: str) -> Iterator[Source]:
    number = 0
    for cell in cells:
        if not isinstance(cell, Mapping) or cell.get("cell_type") != "code":
            continue
        number += 1
        written = cell.get("source", "")
        text = written if isinstance(written, str) else "".join(map(str, written))
        cell_id = cell.get("id")
        yield Source(
            text, path, module, cell=number, cell_id=cell_id if isinstance(cell_id, str) else "", has_magics=True
        )
