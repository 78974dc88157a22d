"""Exporting a notebook's specifications as one pytest file that needs nothing but recq_nb."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Sequence

from recq_nb.errors import MagicUsageError
from recq_nb.magics.spec_cell import SPEC, SpecBook

_HEAD = '''"""Specifications exported from a notebook: the model as its cells define it, then one test for each."""

from recq_nb import *
from recq_nb.testing import *
'''


def exported(plain_cells: Iterable[str], definition_cells: Iterable[Sequence[ast.stmt]], book: SpecBook) -> str:
    """The file's text.

    The model is what the definition cells said that registered something; one that defines a name again takes the
    place of the earlier. Imports of plain cells come along; whatever else plain cells did does not.

    Raises:
        MagicUsageError: There is no specification, or one of them awaits something.
    """
    if not book.runs:
        raise MagicUsageError("there is no specification to export.", remedy=f"Run a %%{SPEC} cell first.")
    bodies = list(definition_cells)
    statements = [*(one for cell in plain_cells for one in _parsed(cell)), *(one for body in bodies for one in body)]
    imports = dict.fromkeys(ast.unparse(one) for one in statements if _is_import(one) and not _is_future(one))
    tests: list[str] = []
    taken: set[str] = set()
    for run in book.runs.values():
        name = _function_name(run.name, taken)
        lines = [f"    {line}" if line else "" for line in _indentable(run.body)]
        tests.append("\n".join([f"def {name}():", f"    {json.dumps(run.name, ensure_ascii=False)}", *lines]))
    return "\n\n".join([_HEAD + "\n".join(imports), *_model(bodies), *tests]).rstrip() + "\n"


def _model(bodies: Iterable[Sequence[ast.stmt]]) -> list[str]:
    cells: list[dict[str, str]] = []
    for number, body in enumerate(bodies):
        cell = {
            _key(one, f"{number}.{place}"): ast.unparse(one) for place, one in enumerate(body) if not _is_import(one)
        }
        places = [place for place, earlier in enumerate(cells) if earlier.keys() & cell.keys()]
        for place in places:
            cells[place] = {key: text for key, text in cells[place].items() if key not in cell}
        if places:
            cells[places[0]] = {**cells[places[0]], **cell}
        else:
            cells.append(cell)
    return [text for cell in cells for text in cell.values()]


def _parsed(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError):  # magics, shell commands, top-level await: no part of a model
        return []


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _key(statement: ast.stmt, otherwise: str) -> str:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return statement.name
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return ",".join(map(ast.unparse, targets))
    return otherwise


def _function_name(name: str, taken: set[str]) -> str:
    base = "test_" + (re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_") or "specification")
    found, number = base, 2
    while found in taken:
        found, number = f"{base}_{number}", number + 1
    taken.add(found)
    return found


def _indentable(body: str) -> list[str]:
    """The body's lines; strings over several lines are written on one by ``ast.unparse``."""
    tree = ast.parse(body)
    if any(isinstance(node, ast.Await) for node in ast.walk(tree)):
        raise MagicUsageError(
            "a specification that awaits cannot be exported.", remedy="Use specification(...) only, without await."
        )
    return ast.unparse(tree).splitlines()
