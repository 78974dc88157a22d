"""The Python in a notebook cell: what is left when magics and shell lines are taken out, line by line."""

from __future__ import annotations

import ast
import re

PYTHON_MAGICS = frozenset({"recq_payload", "recq_component", "recq_trace", "time", "timeit", "capture", "prun"})
"""Cell magics whose body is Python."""

_CELL_MAGIC = re.compile(r"%%(\w+)")
_LINE = re.compile(r"^(\s*)(?:[%!?]|.*\?\s*$|[\w.,\s\[\]'\"()*]*=\s*[%!])")


def python_of_cell(text: str) -> str | None:
    """A cell's text as Python with the same line numbers; None where a magic makes it something else.

    Lines that only IPython understands become ``pass``. A line is taken for one of them only where it does not parse,
    so a continuation line that starts with ``%`` stays.
    """
    lines = text.split("\n")
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    magic = _CELL_MAGIC.match(lines[first])
    if magic is not None:
        if magic.group(1) not in PYTHON_MAGICS:
            return None
        lines[first] = ""
    for _ in range(len(lines)):
        line = _refused_line("\n".join(lines))
        found = _LINE.match(lines[line]) if line is not None and line < len(lines) else None
        if line is None or found is None:
            break
        lines[line] = f"{found.group(1)}pass"
    return "\n".join(lines)


def _refused_line(text: str) -> int | None:
    """Index of the line Python refuses; None if it takes the whole text."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        return (error.lineno or 1) - 1
    except ValueError:
        return None
    return None
