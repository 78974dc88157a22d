"""Puts the extension into a shell and takes it out again."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from typing import Literal

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import MagicsManager

from recq_nb.magics import flow_display, reply_display, sql
from recq_nb.magics import line as line_magic
from recq_nb.magics.cell_compiler import CellCompiler
from recq_nb.magics.definition_cell import COMPONENT, PAYLOAD, DefinitionCell
from recq_nb.magics.extension import Extension
from recq_nb.magics.line_completion import LineMatcher
from recq_nb.magics.spec_cell import MEANING as SPEC_MEANING
from recq_nb.magics.spec_cell import SPEC, SpecBook, SpecCell
from recq_nb.magics.trace_cell import MEANING as TRACE_MEANING
from recq_nb.magics.trace_cell import TRACE, TraceCell
from recq_nb.session import MEMORY

STORE_VARIABLE = "RECQ_STORE"
"""Environment variable that names the store ``%load_ext recq_nb`` opens; in memory where it is not set."""

_DEFINITIONS = {
    PAYLOAD: "Define commands, events, queries and views below; all of them are registered, or none.",
    COMPONENT: "Define components (and payloads) below; all of them are registered, or none.",
}


class _Installation:
    """Everything one shell was given, so that all of it can be taken back."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self.extension = Extension(shell, os.environ.get(STORE_VARIABLE) or MEMORY)
        book = SpecBook()
        self._compiler = CellCompiler(
            shell,
            {
                **{name: lambda source: DefinitionCell(self.extension, source) for name in _DEFINITIONS},
                SPEC: lambda source: SpecCell(self.extension, book, source),
                TRACE: lambda source: TraceCell(self.extension, source),
            },
        )
        self._compiler.install()
        for name, meaning in _DEFINITIONS.items():
            self._register(_definition_magic(shell, name, meaning), "cell", name)
        self._register(_definition_magic(shell, SPEC, SPEC_MEANING), "cell", SPEC)
        self._register(_definition_magic(shell, TRACE, TRACE_MEANING), "cell", TRACE)
        self._register(sql.SqlMagic(self.extension).__call__, "cell", sql.NAME)
        line = line_magic.LineMagic(self.extension, book)
        self._register(line.__call__, "line", line_magic.NAME)
        self._matcher = LineMatcher(line_magic.NAME, {name: one.usage for name, one in line.subcommands.items()})
        self._matcher.install(shell)
        reply_display.install(shell)
        flow_display.install(shell)
        atexit.register(self.extension.close)

    def _register(self, function: Callable[..., object], kind: Literal["line", "cell"], name: str) -> None:
        magics_manager: MagicsManager = self._shell.magics_manager
        magics_manager.register_function(function, magic_kind=kind, magic_name=name)

    def remove(self) -> None:
        atexit.unregister(self.extension.close)
        reply_display.remove(self._shell)
        flow_display.remove(self._shell)
        self._compiler.remove()
        self._matcher.remove(self._shell)
        magics = self._shell.magics_manager.magics
        for name in (*_DEFINITIONS, SPEC, TRACE, sql.NAME):
            magics["cell"].pop(name, None)
        magics["line"].pop(line_magic.NAME, None)
        self.extension.unload()


def _definition_magic(shell: InteractiveShell, name: str, meaning: str) -> Callable[[str, str], None]:
    """The magic under its name, for completion, help, and callers that bypass the shell's input."""

    def run(line: str, cell: str) -> None:
        result = shell.run_cell(f"%%{name} {line}\n{cell}")  # type: ignore[no-untyped-call]  # IPython's
        result.raise_error()

    run.__doc__ = meaning
    return run


_installed: dict[InteractiveShell, _Installation] = {}


def load(shell: InteractiveShell) -> None:
    """Give a shell its session and magics; a shell that has them keeps them.

    Raises:
        StoreError: The store named by ``RECQ_STORE`` cannot be opened; the shell is as it was.
    """
    if shell not in _installed:
        _installed[shell] = _Installation(shell)


def unload(shell: InteractiveShell) -> None:
    """Close a shell's session and take its magics and names back."""
    installation = _installed.pop(shell, None)
    if installation is not None:
        installation.remove()
