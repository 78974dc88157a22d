"""Which modules a source imports, by their full dotted names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from recq_nb.flow.sources.cell_text import python_of_cell
from recq_nb.flow.sources.source import Source


def parsed(source: Source) -> ast.Module | None:
    """The syntax tree of a source; None for a cell that holds no Python.

    Raises:
        SyntaxError: It is no Python.
    """
    text = python_of_cell(source.text) if source.has_magics else source.text
    if text is None:
        return None
    try:
        return ast.parse(text)
    except (ValueError, RecursionError) as error:
        raise SyntaxError(str(error)) from None


def absolute_name(node: ast.ImportFrom, source: Source) -> str:
    """The module a ``from … import`` names, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    kept = parts[: len(parts) - node.level + source.is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def imported_modules(source: Source) -> Iterator[str]:
    """Every module a source imports, and every name it imports from one, as that could be a module too."""
    try:
        tree = parsed(source)
    except SyntaxError:
        return
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            name = absolute_name(node, source)
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)
