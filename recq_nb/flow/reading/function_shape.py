"""What the syntax of a function says before it is called: whether it yields, and which names are its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def statements_of(node: FunctionNode) -> list[ast.stmt]:
    """The body of a function; of a lambda, its return."""
    if isinstance(node, ast.Lambda):
        return [ast.copy_location(ast.Return(node.body), node.body)]
    return node.body


def own_nodes(node: FunctionNode) -> Iterator[ast.AST]:
    """Every node of a function's body except those of functions and classes inside it."""
    waiting: list[ast.AST] = list(node.body if not isinstance(node, ast.Lambda) else [node.body])
    while waiting:
        found = waiting.pop(0)
        yield found
        if not isinstance(found, _SCOPES):
            waiting.extend(ast.iter_child_nodes(found))


def is_generator(node: FunctionNode) -> bool:
    """Whether a call gives a generator."""
    return any(isinstance(found, ast.Yield | ast.YieldFrom) for found in own_nodes(node))


def parameters_of(node: FunctionNode) -> list[ast.arg]:
    """All parameters in order, ``*args`` and ``**kwargs`` included."""
    arguments = node.args
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]


def local_names(node: FunctionNode) -> frozenset[str]:
    """Names that a function assigns, parameters included."""
    names = {parameter.arg for parameter in parameters_of(node)}
    elsewhere: set[str] = set()
    for found in own_nodes(node):
        if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Store | ast.Del):
            names.add(found.id)
        elif isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(found.name)
        elif isinstance(found, ast.Global | ast.Nonlocal):
            elsewhere.update(found.names)
        elif isinstance(found, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in found.names)
        elif isinstance(found, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and found.name:
            names.add(found.name)
    return frozenset(names - elsewhere)
