"""The cells of a notebook in the order they were run, as statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

from recq_nb.flow.slicing.notebook_slice import Cell, CellKind
from recq_nb.flow.sources.cell_text import PYTHON_MAGICS

_OWN = re.compile(r"\s*%%recq_(payload|component|spec)\b")
_CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*")


@dataclass(slots=True)
class _Entry:
    """A cell as it is kept: text is a hundred times smaller than its syntax tree."""

    kind: CellKind
    text: str
    until: int | None = None


class CellLog:
    """Notes every cell a shell runs.

    Plain cells are noted as they begin; a cell under a definition or specification magic is noted by its scope, as
    only that knows what came of it.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        history = shell.history_manager
        before = history.input_hist_raw[1:] if history is not None else []
        self._entries = [_Entry("plain", text) for text in before if _OWN.match(text) is None]
        self._running: list[tuple[ExecutionInfo, _Entry]] = []

    def install(self) -> None:
        """Start noting."""
        self._shell.events.register("pre_run_cell", self._begin)
        self._shell.events.register("post_run_cell", self._end)

    def remove(self) -> None:
        """Stop noting."""
        self._shell.events.unregister("pre_run_cell", self._begin)
        self._shell.events.unregister("post_run_cell", self._end)

    def add(self, kind: CellKind, statements: Sequence[ast.stmt]) -> None:
        """Note a definition or specification cell that came to its end."""
        self._entries.append(_Entry(kind, "\n".join(map(ast.unparse, statements))))

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Cell]:
        for entry in self._entries:
            body = self._parsed(entry.text)
            if entry.until is not None:
                body = [one for one in body if (one.end_lineno or one.lineno) < entry.until]
            yield Cell(entry.kind, tuple(body))

    def _begin(self, info: ExecutionInfo) -> None:
        text = info.raw_cell
        if isinstance(text, str) and text.strip() and _OWN.match(text) is None:
            entry = _Entry("plain", text)
            self._entries.append(entry)
            self._running.append((info, entry))

    def _end(self, result: ExecutionResult) -> None:
        for place, (info, entry) in enumerate(self._running):
            if info is result.info:
                del self._running[place]
                if not result.success:
                    entry.until = self._line_of(result.error_in_exec)
                return

    def _line_of(self, error: BaseException | None) -> int:
        """The line of the cell at which an error came up; 0 where it did not come to run."""
        trace = None if error is None else error.__traceback__
        while trace is not None and trace.tb_frame.f_globals is not self._shell.user_global_ns:
            trace = trace.tb_next
        return 0 if trace is None else trace.tb_lineno

    def _parsed(self, text: str) -> list[ast.stmt]:
        """The Python of a cell, its lines where they were; nothing where a magic makes it something else."""
        magic = _CELL_MAGIC.match(text)
        if magic is not None:
            if magic.group(1) not in PYTHON_MAGICS:
                return []
            text = "\n" * magic.group().count("\n") + text[magic.end() :]
        try:
            python: str = self._shell.input_transformer_manager.transform_cell(text)
            return ast.parse(python).body
        except (SyntaxError, ValueError):
            return []
