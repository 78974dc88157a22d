"""Cell compiler: runs the body of a ``%%magic`` as if it had been typed into a plain cell, inside a scope.

The magic's own line is replaced by one marker line, so every later line keeps its number; the parsed body is then
wrapped in a ``with`` statement. Await, display of the last expression, tracebacks, syntax errors, completion and the
debugger therefore are IPython's own.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType

from IPython.core.interactiveshell import InteractiveShell

_MARKER = "__recq_cell__"
_RUNNING = "__recq_cell_{}__"


@dataclass(frozen=True, slots=True)
class CellSource:
    """A cell under a magic, parsed.

    Attributes:
        magic: Name of the magic, without ``%%``.
        arguments: The rest of its line.
        body: The cell's statements, with their line numbers in the cell.
    """

    magic: str
    arguments: str
    body: tuple[ast.stmt, ...]

    def class_statements(self) -> Iterable[ast.ClassDef]:
        """Every class statement of the cell, outer ones first."""
        return (node for statement in self.body for node in ast.walk(statement) if isinstance(node, ast.ClassDef))


OpenScope = Callable[[CellSource], AbstractContextManager[object]]


class _RunningCell:
    """What the compiled cell itself refers to: its scope, and the value of its last expression."""

    def __init__(
        self,
        source: CellSource,
        scope: AbstractContextManager[object],
        release: Callable[[], object],
        *,
        displays: bool,
    ) -> None:
        self.value: object = None
        self.entered = False
        self._displays = displays
        self._source = source
        self._scope = scope
        self._release = release

    def __enter__(self) -> None:
        self.entered = True
        frame = inspect.currentframe()
        if frame is not None and frame.f_back is not None:
            _show_magic_line(frame.f_back.f_code.co_filename, self._source)
        try:
            self._scope.__enter__()
        except BaseException:
            self._release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        keep = False
        try:
            swallowed = self._scope.__exit__(kind, error, traceback)
            keep = self._displays and error is None
        finally:
            if not keep:
                self._release()
        return swallowed

    def take(self) -> object:
        """The value of the last expression, once; the cell is over."""
        self._release()
        value, self.value = self.value, None
        return value


def _show_magic_line(filename: str, source: CellSource) -> None:
    """Let tracebacks near the top show the magic, as a comment so that the text stays valid Python.

    The text moves to the end of what Python remembers: a cell that is run again as it once was is the newest again.
    """
    lines = linecache.getlines(filename)
    if lines and lines[0].startswith(_MARKER):
        text = f"# %%{source.magic} {source.arguments}".rstrip() + "\n"
        lines = [text, *lines[1:]]
        linecache.cache.pop(filename, None)
        linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)


class CellCompiler(ast.NodeTransformer):
    """Compiles cells that start with one of its magics.

    Args:
        shell: The shell whose cells it compiles.
        scopes: For each magic, what opens the scope around a cell's body. A scope that raises makes the cell fail.
    """

    def __init__(self, shell: InteractiveShell, scopes: Mapping[str, OpenScope]) -> None:
        self._shell = shell
        self._scopes = dict(scopes)
        names = "|".join(map(re.escape, self._scopes))
        self._magic_line = re.compile(rf"%%({names})(?:[ \t]+(.*?))?[ \t]*\r?\n?$")
        self._numbers = itertools.count(1)
        self._prepared: tuple[str, _RunningCell] | None = None

    def install(self) -> None:
        """Start compiling this shell's cells."""
        self._shell.input_transformers_cleanup.append(self.mark)
        self._shell.ast_transformers.append(self)

    def remove(self) -> None:
        """Stop compiling this shell's cells."""
        self._shell.input_transformers_cleanup.remove(self.mark)
        self._shell.ast_transformers.remove(self)
        self._forget_prepared()

    def mark(self, lines: list[str]) -> list[str]:
        """Replace the magic's line by a marker of one line. Pure: shells transform a cell several times."""
        found = self._magic_line.match(lines[0]) if lines else None
        if found is None:
            return lines
        return [f"{_MARKER}({found.group(1)!r}, {(found.group(2) or '')!r})\n", *lines[1:]]

    def visit_Module(self, module: ast.Module) -> ast.Module:
        """Wrap a marked cell into its scope (the protocol of IPython's AST transformers)."""
        marked = _marked(module)
        if marked is None:
            return module
        self._forget_prepared()
        marker, magic, arguments = marked
        body = module.body[1:]
        source = CellSource(magic, arguments, tuple(body))
        name = _RUNNING.format(next(self._numbers))
        displays = bool(body) and isinstance(body[-1], ast.Expr)
        scope = self._scopes[magic](source)
        running = _RunningCell(source, scope, lambda: self._shell.user_ns.pop(name, None), displays=displays)
        self._shell.user_ns[name] = running
        self._prepared = (name, running)
        module.body = _wrapped(body, name, marker, displays=displays)
        return module

    def _forget_prepared(self) -> None:
        """Drop what a cell left that was prepared and never compiled to the end."""
        if self._prepared is not None and not self._prepared[1].entered:
            self._shell.user_ns.pop(self._prepared[0], None)
        self._prepared = None


def _marked(module: ast.Module) -> tuple[ast.stmt, str, str] | None:
    match module.body[:1]:
        case [
            ast.Expr(
                value=ast.Call(
                    func=ast.Name(id=name), args=[ast.Constant(value=str(magic)), ast.Constant(value=str(arguments))]
                )
            ) as marker
        ] if name == _MARKER:
            return marker, magic, arguments
        case _:
            return None


def _wrapped(body: list[ast.stmt], name: str, marker: ast.stmt, *, displays: bool) -> list[ast.stmt]:
    """``from __future__`` lines, then the rest inside ``with name:``, then the last expression's value."""
    future = [line for line in body if _is_future(line)]
    inner = [line for line in body if not _is_future(line)] or [ast.Pass()]
    after: list[ast.stmt] = []
    last = inner[-1]
    if displays and isinstance(last, ast.Expr):
        target = ast.Attribute(ast.Name(name, ast.Load()), "value", ast.Store())
        inner[-1] = ast.copy_location(ast.Assign([target], last.value), last)
        taken = ast.Call(ast.Attribute(ast.Name(name, ast.Load()), "take", ast.Load()), [], [])
        after.append(ast.copy_location(ast.Expr(taken), last))
    scope = ast.copy_location(ast.With([ast.withitem(ast.Name(name, ast.Load()))], inner), marker)
    return [ast.fix_missing_locations(statement) for statement in (*future, scope, *after)]


def _is_future(line: ast.stmt) -> bool:
    return isinstance(line, ast.ImportFrom) and line.module == "__future__"
