"""Loading a model to run it: the definitions of a module or a notebook, and nothing else it would do."""

from __future__ import annotations

import ast
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import click

from recq_nb.errors import RecqError
from recq_nb.flow.reading.library import LENT_NAMES
from recq_nb.flow.slicing.notebook_slice import Cell, NotebookSlice
from recq_nb.flow.sources.files import read_sources
from recq_nb.flow.sources.imports import parsed
from recq_nb.flow.sources.source import Source
from recq_nb.flow.sources.source_error import SourceError
from recq_nb.modeling.component import component_declaration
from recq_nb.modeling.payload_definition import is_payload_class

SESSION_NAME = "recq"
_DEFINITION = re.compile(r"\s*%%recq_(payload|component)\b")


def load_model(path: str, lent: dict[str, object]) -> list[type]:
    """The payload and component classes of a module or notebook.

    Of a notebook only its definition cells are executed, and what they need of others; where it has none, all its
    classes. A module is imported as Python does.

    Args:
        path: The module or notebook.
        lent: Names a notebook may use without an import.

    Raises:
        click.UsageError: It is not there, or neither Python nor a notebook.
        click.ClickException: It fails while its definitions are executed.
    """
    try:
        sources = [source for source in read_sources(path) if source.is_asked_for]
    except SourceError as error:
        raise click.UsageError(str(error)) from None
    module = ModuleType(Path(path).stem)
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        for text_path, tree in _trees(sources, module, lent):
            exec(compile(tree, text_path, "exec"), vars(module))  # noqa: S102  the reader's own model
    except RecqError as error:
        raise click.ClickException(f"{path}: {error}") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  border: the reader's own model may raise anything
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
        told = "".join(traceback.format_exception_only(error)).strip()
        line = f", line {lines[-1]}" if lines and not path.endswith(".ipynb") else ""
        raise click.ClickException(f"{path}{line} cannot be executed: {told}") from None
    return [one for one in vars(module).values() if isinstance(one, type) and _is_definition(one)]


def _trees(sources: Sequence[Source], module: ModuleType, lent: dict[str, object]) -> list[tuple[str, ast.Module]]:
    trees = [(source, tree) for source in sources if (tree := parsed(source)) is not None]
    cells = [(source, tree) for source, tree in trees if source.has_magics]
    modules = [(source.path, tree) for source, tree in trees if not source.has_magics]
    if not cells:
        return modules
    vars(module).update({name: value for name, value in lent.items() if name in LENT_NAMES})
    used = NotebookSlice([Cell("plain", tuple(tree.body)) for _, tree in cells], LENT_NAMES, SESSION_NAME)
    defining = [tree for source, tree in cells if _DEFINITION.match(source.text)] or [tree for _, tree in cells]
    for tree in defining:
        for statement in tree.body:
            if isinstance(statement, ast.ClassDef):
                used.require(statement.name, "the model")
    return [*modules, (cells[0][0].path, ast.Module(used.statements(), []))]


def _is_definition(cls: type) -> bool:
    return component_declaration(cls) is not None or is_payload_class(cls)
