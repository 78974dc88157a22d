"""Loading a model to run it: the definitions of a module or a notebook, and nothing else it would do."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import click

from recq_nb.flow.reading.library import LENT_NAMES
from recq_nb.flow.sources.files import read_sources
from recq_nb.flow.sources.imports import parsed
from recq_nb.flow.sources.source_error import SourceError
from recq_nb.modeling.component import component_declaration
from recq_nb.modeling.payload_definition import is_payload_class

_DEFINING = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom)


def load_model(path: str, lent: dict[str, object]) -> list[type]:
    """The payload and component classes of a module or notebook.

    Of a notebook only imports, classes, functions and constants are executed; a module is imported as Python does.

    Args:
        path: The module or notebook.
        lent: Names a notebook may use without an import.

    Raises:
        click.UsageError: It cannot be read.
    """
    try:
        sources = [source for source in read_sources(path) if source.is_asked_for]
        trees = [(source, tree) for source in sources if (tree := parsed(source)) is not None]
    except (SourceError, SyntaxError) as error:
        raise click.UsageError(str(error)) from None
    module = ModuleType(Path(path).stem)
    sys.modules[module.__name__] = module
    sys.path.insert(0, str(Path(path).resolve().parent))
    for source, tree in trees:
        if source.has_magics:
            vars(module).update({name: value for name, value in lent.items() if name in LENT_NAMES})
            tree.body = [statement for statement in tree.body if _defines(statement)]
        exec(compile(tree, source.path, "exec"), vars(module))  # noqa: S102  the reader's own model
    return [one for one in vars(module).values() if isinstance(one, type) and _is_definition(one)]


def _defines(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        value = statement.value
        return value is None or not any(isinstance(node, ast.Call | ast.Await) for node in ast.walk(value))
    return isinstance(statement, _DEFINING)


def _is_definition(cls: type) -> bool:
    return component_declaration(cls) is not None or is_payload_class(cls)
