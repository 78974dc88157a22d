"""``%recq``: the state of the session, help, and the few things done to a session as a whole."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recq_nb.errors import MagicUsageError
from recq_nb.magics.extension import Extension
from recq_nb.magics.finding_table import finding_table
from recq_nb.magics.report import Code, Quiet, Report, Table
from recq_nb.magics.spec_cell import SPEC, SpecBook
from recq_nb.magics.spec_export import exported
from recq_nb.magics.status_report import status_report
from recq_nb.magics.trace_cell import TRACE
from recq_nb.session import MEMORY, Session
from recq_nb.session.status import counted

NAME = "recq"


@dataclass(frozen=True, slots=True)
class _Subcommand:
    usage: str
    meaning: str
    run: Callable[[list[str]], Report]


class LineMagic:
    """``%recq [subcommand]``; without one, the status."""

    def __init__(self, extension: Extension, book: SpecBook) -> None:
        self._extension = extension
        self._book = book
        self.subcommands = {
            "status": _Subcommand("", "store, definitions, consumers and how far behind they are", self._status),
            "help": _Subcommand("", "this table", self._help),
            "store": _Subcommand(
                "PATH|memory", "go on in this file (or in memory) with the same definitions", self._store
            ),
            "lint": _Subcommand("", "where the model breaks a rule, and what to do about it", self._lint),
            "strict": _Subcommand(
                "[on|off]", "refuse definitions whose messages cannot be read from their source", self._strict
            ),
            "specs": _Subcommand(
                "[export PATH]", "the specifications of this notebook; export them as a pytest file", self._specs
            ),
            "reset": _Subcommand(
                "--yes", "delete every event, read model and checkpoint; definitions stay", self._reset
            ),
        }

    def __call__(self, line: str) -> None:
        """Show the session's status; ``%recq help`` lists what else there is."""
        try:
            name, *arguments = shlex.split(line) or ["status"]
        except ValueError as error:
            raise MagicUsageError(
                f"%{NAME} cannot read {line!r}: {error}.", remedy="Close the quotes, or leave them out."
            ) from None
        subcommand = self.subcommands.get(name)
        if subcommand is None:
            raise MagicUsageError(
                f"%{NAME} has no subcommand {name!r}.", remedy=f"There is: {', '.join(self._usages())}."
            )
        subcommand.run(arguments).show()

    def _lint(self, arguments: list[str]) -> Report:
        self._check("lint", arguments, takes=0)
        findings = self._extension.session.lint()
        return Report(finding_table(findings)) if findings else Report(Quiet("recq: no findings"))

    def _strict(self, arguments: list[str]) -> Report:
        session = self._extension.session
        if arguments not in ([], ["on"], ["off"]):
            raise MagicUsageError(
                f"%{NAME} strict takes `on`, `off` or nothing, but got {shlex.join(arguments)!r}.",
                remedy=f"Write `%{NAME} strict on`.",
            )
        if arguments:
            session.strict = arguments == ["on"]
        said = (
            "a definition whose messages cannot be read from its source is refused"
            if session.strict
            else "such a definition is accepted, with a finding"
        )
        return Report(Quiet(f"recq: strict mode is {'on' if session.strict else 'off'}: {said}"))

    def _usages(self) -> list[str]:
        return [f"%{NAME}", *(f"%{NAME} {name} {one.usage}".rstrip() for name, one in self.subcommands.items())]

    def _check(self, name: str, arguments: list[str], *, takes: int) -> None:
        if len(arguments) != takes:
            usage = self.subcommands[name].usage
            given = repr(shlex.join(arguments)) if arguments else "nothing"
            raise MagicUsageError(
                f"%{NAME} {name} takes {usage or 'no arguments'}, but got {given}.",
                remedy=f"Write `%{NAME} {name}{' ' * bool(usage)}{usage}`"
                + ("; a path with spaces goes in quotes." if name == "store" else "."),
            )

    def _status(self, arguments: list[str]) -> Report:
        self._check("status", arguments, takes=0)
        return status_report(self._extension.session.status())

    def _help(self, arguments: list[str]) -> Report:
        self._check("help", arguments, takes=0)
        rows = [
            (Code("%%recq_payload"), "define commands, events, queries and views"),
            (
                Code("%%recq_component"),
                "define aggregates, services, projectors, projections, sagas, observers, invokers",
            ),
            (Code("%%recq_sql [name]"), "read models and recq.events as a dataframe, bound to name"),
            *((Code(f"%{NAME} {name} {one.usage}".rstrip()), one.meaning) for name, one in self.subcommands.items()),
            (Code(f"%%{TRACE} [title]"), "run the cell and see all that it caused as a sequence diagram"),
            (Code(f"%%{SPEC} name"), "say what a component does; the cell passes or fails"),
            (Code("await recq.send(command)"), "send a command; its confirmation or rejection"),
            (Code("await recq.query(query, after=reply)"), "a view that includes what reply confirmed"),
        ]
        return Report(Table(("write", "to"), rows))

    def _store(self, arguments: list[str]) -> Report:
        self._check("store", arguments, takes=1)
        store: str | Path = MEMORY if arguments[0] == MEMORY else Path(arguments[0]).expanduser()
        before = self._extension.session
        if _is_open(before, store):
            return Report(Quiet(f"recq: already working in {before.store}"))
        left = before.status().head if before.store == MEMORY else 0
        session = self._extension.open_store(store)
        status = session.status()
        lines = [Quiet(f"recq: now working in {session.store}, which holds {counted(status.head, 'event')}")]
        if session.carried_over:
            lines.append(Quiet(f"carried over from memory: {counted(session.carried_over, 'event')}"))
        elif left:
            lines.append(Quiet(f"the in-memory store is gone, and with it {counted(left, 'event')}"))
        return Report(lines)

    def _specs(self, arguments: list[str]) -> Report:
        match arguments:
            case []:
                return self._book.report()
            case ["export", path]:
                return self._export(Path(path).expanduser())
            case _:
                raise MagicUsageError(
                    f"%{NAME} specs takes nothing or `export PATH`, but got {shlex.join(arguments)!r}.",
                    remedy=f"Write `%{NAME} specs` or `%{NAME} specs export test_model.py`.",
                )

    def _export(self, path: Path) -> Report:
        bundle = self._extension.session.bundle
        export = exported(self._extension.cells, (*bundle.payloads, *bundle.components), self._book)
        try:
            path.write_text(export.text, encoding="utf-8")
        except OSError as error:
            raise MagicUsageError(
                f"cannot write {path}: {error.strerror}.", remedy="Name a file in a folder that is there."
            ) from None
        said = [Quiet(f"recq: {counted(len(self._book.runs), 'specification')} written to {path}")]
        said += [
            Quiet(f"run again first: {name} (changed since: {changed})") for name, changed in export.outdated.items()
        ]
        return Report(*said)

    def _reset(self, arguments: list[str]) -> Report:
        session = self._extension.session
        status = session.status()
        if arguments != ["--yes"]:
            raise MagicUsageError(
                f"%{NAME} reset deletes {counted(status.head, 'event')}, every read model and every checkpoint of "
                f"{status.store}, for good.",
                remedy=f"Write `%{NAME} reset --yes` to do it.",
            )
        session.reset()
        return Report(
            Quiet(f"recq: {status.store} is empty; {counted(status.head, 'event')} deleted, definitions kept")
        )


def _is_open(session: Session, store: str | Path) -> bool:
    if session.closed:
        return False
    if isinstance(store, Path) and session.store != MEMORY:
        return Path(session.store).resolve() == store.resolve()
    return session.store == store
