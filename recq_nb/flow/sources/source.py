"""Source: a piece of Python text with its place, so that everything read from it can say file, cell and line."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a source.

    Attributes:
        path: File as it was named, or a label for text without a file.
        cell: Number of the code cell in its notebook, from 1; 0 outside notebooks.
        line: Line in the file or, in a notebook, in the cell; from 1, a magic's own line counts.
        column: From 1.
        cell_id: The notebook's own id of the cell; ``""`` where it has none.
    """

    path: str
    cell: int
    line: int
    column: int = 1
    cell_id: str = ""

    def __str__(self) -> str:
        cell = f":cell {self.cell}" if self.cell else ""
        return f"{self.path}{cell}:{self.line}"


@dataclass(frozen=True, slots=True)
class Source:
    """Python text that may define part of a model. Nothing in it is ever executed.

    Attributes:
        text: The text; magic lines are still in it.
        path: See ``Position``.
        module: Dotted name of the namespace it runs in; all cells of a notebook share one.
        cell: See ``Position``.
        cell_id: See ``Position``.
        is_package: It is an ``__init__``, which relative imports start from.
        has_magics: It is a notebook cell: magics are allowed, and the names of recq_nb need no import.
        is_asked_for: Findings in it are wanted; False for a module that was only followed from an import.
    """

    text: str
    path: str
    module: str
    cell: int = 0
    cell_id: str = ""
    is_package: bool = False
    has_magics: bool = False
    is_asked_for: bool = True

    def position(self, node: ast.AST | None = None) -> Position:
        """The place of a syntax node, or of the first line."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        return Position(self.path, self.cell, line, column, self.cell_id)
