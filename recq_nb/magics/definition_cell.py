"""Definition cells: ``%%recq_payload`` and ``%%recq_component`` register what the cell defines, all or nothing."""

from __future__ import annotations

import ast
from collections.abc import Mapping, MutableMapping
from types import TracebackType

from recq_nb.errors import MagicUsageError
from recq_nb.magics.cell_compiler import CellSource
from recq_nb.magics.cell_origin import cell_origin
from recq_nb.magics.extension import Extension
from recq_nb.magics.finding_table import finding_table
from recq_nb.magics.registration_report import registration_report
from recq_nb.magics.report import Report
from recq_nb.modeling.component import component_declaration
from recq_nb.modeling.definition_failure import explain_class_statement
from recq_nb.modeling.handler import handler_declaration
from recq_nb.modeling.payload import Payload
from recq_nb.modeling.payload_definition import BASE_TYPES

PAYLOAD, COMPONENT = "recq_payload", "recq_component"
_MISSING = object()


class DefinitionCell:
    """The scope around a definition cell's body.

    Leaving it registers the payloads and components the cell defined at top level. If anything fails, on the way or
    on registering, nothing is registered and every name the cell bound to a class means again what it meant before.
    Whatever else the cell did (variables, prints, commands it sent) stays done.
    """

    def __init__(self, extension: Extension, source: CellSource) -> None:
        self._extension = extension
        self._source = source
        self._namespace: MutableMapping[str, object] = extension.shell.user_ns
        self._before: dict[str, object] = {}

    def __enter__(self) -> None:
        if self._source.arguments:
            raise MagicUsageError(
                f"%%{self._source.magic} takes no arguments, but got {self._source.arguments!r}.",
                remedy="Put the definitions below it, on lines of their own.",
            )
        self._extension.bind_names()
        self._before = dict(self._namespace)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        done = False
        try:
            if error is None:
                self._register()
                done = True
            else:
                self._explain(error, traceback)
        finally:
            if not done:
                self._restore_classes()
            self._before = {}

    def _register(self) -> None:
        defined = self._defined_classes()
        components = [cls for cls in defined if _is_component(cls, defined)]
        payloads = [cls for cls in defined if _is_payload(cls)]
        if self._source.magic == PAYLOAD and components:
            raise MagicUsageError(
                f"{components[0].__name__} is a component, but the cell is a %%{PAYLOAD} cell.",
                remedy=f"Start the cell with %%{COMPONENT}; it takes payloads, too.",
            )
        if self._source.magic == PAYLOAD and not payloads:
            raise MagicUsageError(
                f"This %%{PAYLOAD} cell defines no payload.",
                remedy="Define a class that derives from DomainCommand, ServiceCommand, DomainEvent, ServiceEvent, "
                "Query[...] or View, or run the cell without the magic.",
            )
        if self._source.magic == COMPONENT and not components:
            raise MagicUsageError(
                f"This %%{COMPONENT} cell defines no component.",
                remedy="Put @aggregate, @service, @projector, @projection, @saga, @observer or @invoker above a class"
                + (f", or start the cell with %%{PAYLOAD}." if payloads else ", or run the cell without the magic."),
            )
        registration = self._extension.session.register(
            *payloads, *components, origin=cell_origin(self._extension.shell)
        )
        self._extension.cells.add("definition", self._source.body)
        registration_report(registration).show()
        findings = self._extension.session.lint(*(cls.__name__ for cls in defined))
        if findings:
            Report(finding_table(findings)).show()

    def _defined_classes(self) -> list[type]:
        """The classes the cell made and left bound, in the order of its text."""
        known = {id(value) for value in self._before.values() if isinstance(value, type)}
        made = {
            id(value): value
            for value in self._namespace.values()
            if isinstance(value, type) and id(value) not in known and self._is_own(value)
        }
        order = {statement.name: place for place, statement in enumerate(self._source.class_statements())}
        return sorted(made.values(), key=lambda cls: order.get(cls.__name__, len(order)))

    def _is_own(self, value: object) -> bool:
        return isinstance(value, type) and value.__module__ == self._namespace.get("__name__")

    def _restore_classes(self) -> None:
        for name in self._before.keys() | self._namespace.keys():
            old, new = self._before.get(name, _MISSING), self._namespace.get(name, _MISSING)
            if old is new or not (self._is_own(old) or self._is_own(new)):
                continue
            if old is _MISSING:
                del self._namespace[name]
            else:
                self._namespace[name] = old

    def _explain(self, error: BaseException, traceback: TracebackType | None) -> None:
        """Raise the modelling error behind a failed class statement, if that is what failed."""
        found = _failed_class_statement(self._source, error, traceback)
        explained = explain_class_statement(found[0], error, found[1], self._namespace) if found else None
        if explained is not None:
            raise explained from None


def _is_component(cls: type, defined: list[type]) -> bool:
    """A marked class, or one with handlers that nobody marked and that is no base of another: its error is due."""
    if component_declaration(cls) is not None:
        return True
    has_handlers = any(handler_declaration(member) is not None for member in cls.__dict__.values())
    return has_handlers and not any(cls in other.__mro__[1:] for other in defined)


def _is_payload(cls: type) -> bool:
    return issubclass(cls, Payload) and cls not in BASE_TYPES and cls.__pydantic_generic_metadata__["origin"] is None


def _failed_class_statement(
    source: CellSource, error: BaseException, traceback: TracebackType | None
) -> tuple[ast.ClassDef, int] | None:
    """The class statement of the cell that raised, and the line, if it raised by itself or inside pydantic."""
    if traceback is None:
        return None
    filename = traceback.tb_frame.f_code.co_filename
    line = traceback.tb_lineno
    body_of: str | None = None
    rest = traceback.tb_next
    if rest is not None and rest.tb_frame.f_code.co_filename == filename:
        body_of, line = rest.tb_frame.f_code.co_name, rest.tb_lineno
        rest = rest.tb_next
    raised_by = None if rest is None else _package(rest.tb_frame.f_globals)
    if raised_by != ("pydantic" if rest is not None else None):
        return None
    if rest is None and not isinstance(error, NameError):
        return None
    statements = [node for node in source.class_statements() if _first_line(node) <= line <= (node.end_lineno or line)]
    if not statements or (body_of is not None and statements[-1].name != body_of):
        return None
    return statements[-1], line


def _first_line(statement: ast.ClassDef) -> int:
    return min([statement.lineno, *(decorator.lineno for decorator in statement.decorator_list)])


def _package(module_globals: Mapping[str, object]) -> str:
    return str(module_globals.get("__name__", "")).partition(".")[0]
