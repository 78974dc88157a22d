"""Exporting a notebook's specifications as one pytest file that needs nothing but recq_nb."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

import recq_nb.testing
from recq_nb.errors import MagicUsageError
from recq_nb.flow.slicing.notebook_slice import Cell, NotebookSlice
from recq_nb.flow.slicing.statement import (
    Statement,
    function_text,
    is_future_import,
    is_star_import,
    read_statement,
)
from recq_nb.flow.sources.source_error import SourceError
from recq_nb.magics.extension import PUBLIC_NAMES, SESSION_NAME
from recq_nb.magics.spec_cell import SPEC, SpecBook, SpecRun

_HEAD = '"""Specifications exported from a notebook: the model as its cells define it, then one test for each."""\n'
_OFFERED = ("from recq_nb import *", "from recq_nb.testing import *")


class Export(NamedTuple):
    """A file of specifications.

    Attributes:
        text: What the specifications and the registered classes need of the notebook, then the tests.
        outdated: Specifications that were not run since something they use was changed, with its name.
    """

    text: str
    outdated: dict[str, str]


def exported(cells: Iterable[Cell], registered: Sequence[str], book: SpecBook) -> Export:
    """The specifications of a notebook as a file.

    Args:
        cells: The notebook, in the order it was run.
        registered: Names of the payloads and components that are registered.
        book: The specifications.

    Raises:
        MagicUsageError: There is no specification, or it needs something that a file cannot repeat.
    """
    if not book.runs:
        raise MagicUsageError("there is no specification to export.", remedy=f"Run a %%{SPEC} cell first.")
    used = NotebookSlice(cells, (*PUBLIC_NAMES, *recq_nb.testing.__all__), SESSION_NAME)
    taken: set[str] = set()
    stars: dict[str, None] = {}
    outdated: dict[str, str] = {}
    try:
        for name in registered:
            if used.makes(name):
                used.require(name, "the model")
        tests = [_test(run, used, taken, stars, outdated) for run in book.runs.values()]
    except SourceError as error:
        raise MagicUsageError(f"an exported file would not run: {error.problem}", remedy=error.remedy) from None
    statements = used.statements()
    future = [ast.unparse(one) for one in statements if is_future_import(one)]
    imports = [*takewhile(_is_import, (one for one in statements if not is_future_import(one)))]
    model = [ast.unparse(one) for one in statements[len(future) + len(imports) :]]
    lines = dict.fromkeys([*map(ast.unparse, imports), *stars])
    head = "\n\n".join("\n".join(part) for part in (future, _OFFERED, lines) if part)
    return Export("\n\n\n".join([f"{_HEAD}\n{head}", *model, *tests]).rstrip() + "\n", outdated)


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _test(run: SpecRun, used: NotebookSlice, taken: set[str], stars: dict[str, None], outdated: dict[str, str]) -> str:
    """One test, whose names are local but for those it shares with cells before it."""
    user = f"the specification {run.name!r}"
    body = [one for one in ast.parse(run.body).body if not is_future_import(one)]
    read = [read_statement(one) for one in body]
    offered = {name for one in read if is_star_import(one.node) for name in one.makes}
    stars.update(dict.fromkeys(ast.unparse(one) for one in body if is_star_import(one)))
    own = [one for one in read if not is_star_import(one.node)]
    local = {name for one in own for name in one.makes}
    shared: list[str] = []
    for name in _looked_up(own):
        if name not in local:
            if name not in offered:
                used.require(name, user)
        elif used.makes(name):
            used.require(name, user)
            shared.append(name)
    changed = used.changed_since(run.place, [name for name in _looked_up(own) if name not in local or name in shared])
    if changed:
        outdated[run.name] = changed[0]
    statements: list[ast.stmt] = [one.node for one in own]
    if shared:
        statements.insert(0, ast.Global(sorted(shared)))
    name = _function_name(run.name, taken)
    told = ast.Expr(ast.Constant(run.name))
    if not any(one.awaits for one in own):
        return function_text(f"def {name}(): ...", [told, *statements])
    inner = function_text("async def story(): ...", statements)
    run_it = ast.parse(f"import asyncio\n{inner}\nasyncio.run(story())").body
    return function_text(f"def {name}(): ...", [told, *run_it])


def _looked_up(body: Sequence[Statement]) -> list[str]:
    """The names a body uses before it has bound them itself."""
    bound: set[str] = set()
    found: dict[str, None] = {}
    for one in body:
        sure = {name for name in one.makes if one.replaces(name)}
        found.update(dict.fromkeys(sorted(one.needs - bound - sure)))
        bound |= one.makes
    return list(found)


def _function_name(name: str, taken: set[str]) -> str:
    base = "test_" + (re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_") or "specification")
    found, number = base, 2
    while found in taken:
        found, number = f"{base}_{number}", number + 1
    taken.add(found)
    return found
