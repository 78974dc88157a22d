"""What one top-level statement of a cell binds, changes and needs, read from its syntax."""

from __future__ import annotations

import ast
import symtable
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, by the names of the notebook's namespace.

    Attributes:
        node: The statement.
        makes: Names it binds.
        changes: Names whose value it changes without binding them: an item, an attribute, a registration.
        calls: The name whose method it calls for the effect, if it is such a call; it may or may not change the value.
        needs: Names it uses, the bodies of its functions included.
        eager: Those it uses while it runs.
        awaits: Whether it awaits something itself.
    """

    node: ast.stmt
    makes: frozenset[str]
    changes: frozenset[str]
    calls: str
    needs: frozenset[str]
    eager: frozenset[str]
    awaits: bool

    @property
    def is_import(self) -> bool:
        """Whether it is an import at top level."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)

    def replaces(self, name: str) -> bool:
        """Whether it surely binds the name, whatever was bound before."""
        node = self.node
        simple = self.is_import or isinstance(
            node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign
        )
        return simple and name in self.makes and name not in self.eager


def read_statement(node: ast.stmt) -> Statement:
    """Read one statement."""
    awaits = any(_is_await(one) for one in _now(node))
    makes, needs = _names(node)
    eager = {one.id for one in _now(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        eager.add(node.target.id)
        needs.add(node.target.id)
    changes = {root for one in _now(node) for root in _changed(one)}
    called = node.value if isinstance(node, ast.Expr) else None
    calls = _root(called.func) if isinstance(called, ast.Call) and isinstance(called.func, ast.Attribute) else ""
    quoted = set(_quoted_names(node))
    return Statement(
        node, frozenset(makes), frozenset(changes), calls, frozenset(needs | quoted), frozenset(eager), awaits
    )


def function_text(head: str, body: Sequence[ast.stmt]) -> str:
    """A function as text.

    Args:
        head: It with any body, which is replaced.
        body: Its statements.
    """
    module = ast.parse(head)
    function = module.body[0]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    function.body = list(body) or [ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(module))


def is_star_import(node: ast.stmt) -> bool:
    """Whether it imports everything a module offers."""
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def is_future_import(node: ast.stmt) -> bool:
    """Whether it changes how Python reads the cell."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _names(node: ast.stmt) -> tuple[set[str], set[str]]:
    """The names it binds in the namespace, and those it looks up there."""
    if isinstance(node, ast.ImportFrom) and is_star_import(node):
        return set(_offered(node.module or "")), set()
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return set(), set()
    # Inside a coroutine that says each of its names is the namespace's, await is at home and nothing is local.
    table = symtable.symtable(function_text("async def cell(): ...", [node]), "cell", "exec").get_children()[0]
    makes = {one.get_name() for one in table.get_symbols() if _is_bound(one)}
    needs = {one.get_name() for one in table.get_symbols() if one.is_referenced() and not one.is_parameter()}
    for below in _below(table):
        needs |= {one.get_name() for one in below.get_symbols() if one.is_referenced() and one.is_global()}
        # A name of the coroutine that a function below looks up is one of the namespace, too.
        needs |= {one.get_name() for one in below.get_symbols() if one.is_free() and one.get_name() in makes}
    return makes, needs


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)


def _now(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run with the statement itself: all but the bodies of functions."""
    yield node
    if isinstance(node, _FUNCTIONS):
        parts: list[ast.AST] = [node.args]
        if not isinstance(node, ast.Lambda):
            parts += [*node.decorator_list, *([node.returns] if node.returns is not None else [])]
    else:
        parts = list(ast.iter_child_nodes(node))
    for part in parts:
        yield from _now(part)


def _is_await(node: ast.AST) -> bool:
    return isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) or (
        isinstance(node, ast.comprehension) and bool(node.is_async)
    )


def _changed(node: ast.AST) -> Iterator[str]:
    targets: list[ast.expr] = []
    match node:
        case ast.Assign() | ast.Delete():
            targets = node.targets
        case ast.AugAssign() | ast.AnnAssign() | ast.For() | ast.AsyncFor():
            targets = [node.target]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            called = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
            targets = [one for one in called if isinstance(one, ast.Attribute)]
        case _:
            pass
    for target in targets:
        if isinstance(target, ast.Attribute | ast.Subscript) and (root := _root(target)):
            yield root


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _quoted_names(node: ast.AST) -> Iterator[str]:
    """Names in annotations that are written as text."""
    for one in ast.walk(node):
        annotation = one.returns if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) else None
        if isinstance(one, ast.arg | ast.AnnAssign):
            annotation = one.annotation
        for part in ast.walk(annotation) if annotation is not None else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                try:
                    read = ast.parse(part.value, mode="eval")
                except SyntaxError:
                    continue
                yield from (name.id for name in ast.walk(read) if isinstance(name, ast.Name))


def _offered(module: str) -> list[str]:
    """What a star import binds; the notebook has imported the module, so it is there."""
    there = sys.modules.get(module)
    if there is None:
        return []
    listed: list[str] | None = getattr(there, "__all__", None)
    return list(listed) if listed is not None else [name for name in vars(there) if not name.startswith("_")]
