"""``%%recq_spec name``: a cell of expectations that passes or fails, and is remembered with the notebook's others."""

from __future__ import annotations

import ast
from collections.abc import MutableMapping
from dataclasses import dataclass
from types import TracebackType

import recq_nb.testing
from recq_nb.errors import MagicUsageError
from recq_nb.magics.cell_compiler import CellSource
from recq_nb.magics.extension import Extension
from recq_nb.magics.report import Code, Quiet, Report, Table
from recq_nb.testing import SpecificationFailure

SPEC = "recq_spec"
MEANING = "Say below what the model does: specification(Component).given(...).when(...).then(...)."


@dataclass(frozen=True, slots=True)
class SpecRun:
    """The newest run of one specification cell.

    Attributes:
        name: As the cell's first line says.
        body: The cell's source, without that line.
        problem: The first line of what it failed with; ``""`` where it passed.
        place: Which cell of the log it is.
    """

    name: str
    body: str
    problem: str = ""
    place: int = 0


class SpecBook:
    """The specifications of a notebook by name, in the order they were first run."""

    def __init__(self) -> None:
        self.runs: dict[str, SpecRun] = {}

    def report(self) -> Report:
        """All of them as a table."""
        if not self.runs:
            return Report(Quiet(f"No specification was run yet; start a cell with %%{SPEC} name."))
        failed = sum(bool(run.problem) for run in self.runs.values())
        rows = [
            (Code(run.name), "failed" if run.problem else "passed", Quiet(run.problem)) for run in self.runs.values()
        ]
        return Report(f"{len(rows) - failed} passed, {failed} failed", Table(("specification", "outcome", ""), rows))


class SpecCell:
    """The scope around a specification cell's body: lends the words of ``recq_nb.testing`` and notes the outcome."""

    def __init__(self, extension: Extension, book: SpecBook, source: CellSource) -> None:
        self._extension = extension
        self._book = book
        self._source = source
        self._namespace: MutableMapping[str, object] = extension.shell.user_ns
        self._lent: dict[str, object] = {}

    def __enter__(self) -> None:
        if not self._source.arguments:
            raise MagicUsageError(
                f"%%{SPEC} needs a name.", remedy=f"Write e.g. `%%{SPEC} a full list takes no more todos`."
            )
        if not self._source.body:
            raise MagicUsageError(f"This %%{SPEC} cell says nothing.", remedy=MEANING)
        self._extension.bind_names()
        for name in recq_nb.testing.__all__:
            if name not in self._namespace:
                self._lent[name] = self._namespace[name] = getattr(recq_nb.testing, name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for name, value in self._lent.items():
            if self._namespace.get(name) is value:
                del self._namespace[name]
        body = "\n".join(ast.unparse(statement) for statement in self._source.body)
        problem = "" if error is None else f"{type(error).__name__}: {error}".splitlines()[0]
        name = self._source.arguments
        self._book.runs[name] = SpecRun(name, body, problem, len(self._extension.cells))
        self._extension.cells.add("specification", self._source.body)
        if isinstance(error, SpecificationFailure):
            _Shown(error).show()
        if error is None:
            self._book.report().show()


class _Shown(Report):
    """A failure's difference, above the error the cell ends with."""

    def __init__(self, failure: SpecificationFailure) -> None:
        super().__init__()
        self._failure = failure

    def _repr_html_(self) -> str:
        return self._failure._repr_html_()

    def __repr__(self) -> str:
        return str(self._failure)
