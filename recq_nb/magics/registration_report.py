"""What a cell changed in the model, for the reader of the cell."""

from __future__ import annotations

import inspect
from collections import Counter

from recq_nb.magics.kind_colour import kind_chip
from recq_nb.magics.report import Code, Fragment, Quiet, Report, Table
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import HandlerKind
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.payload_definition import PayloadDefinition
from recq_nb.modeling.payload_field import payload_fields
from recq_nb.modeling.registration import Change, Registration

_CHANGES: tuple[Change, ...] = ("new", "replaced", "unchanged", "removed")


def registration_report(registration: Registration) -> Report:
    """One row per definition: its name, kind and change, the fields of a payload, the handlers of a component."""
    counted = Counter(entry.change for entry in registration.entries)
    summary = ", ".join(f"{counted[change]} {change}" for change in _CHANGES if counted[change])
    rows = []
    for entry in registration.entries:
        details = [] if entry.change == "removed" else _details(entry.name, registration.bundle)
        if entry.rebuilt:
            details.append(Quiet("read model rebuilt from the log"))
        change: Fragment = Quiet(entry.change) if entry.change == "unchanged" else entry.change
        rows.append((Code(entry.name), kind_chip(entry.kind), change, details))
    if not rows:
        return Report(Quiet("recq: nothing changed"))
    return Report(Quiet(f"recq: {summary}"), Table(("name", "kind", "change", "content"), rows))


def _details(name: str, bundle: Bundle) -> list[Fragment]:
    if name in bundle.payloads:
        return _payload_details(bundle.payloads[name])
    if name in bundle.components:
        return _component_details(bundle.components[name])
    return []


def _payload_details(definition: PayloadDefinition) -> list[Fragment]:
    fields = payload_fields(definition.payload_type)
    details: list[Fragment] = [Code(", ".join(map(str, fields)))] if fields else [Quiet("no fields")]
    if definition.view_name is not None:
        details.append(
            Code(f"→ list[{definition.view_name}]" if definition.view_is_many else f"→ {definition.view_name}")
        )
    return details


def _component_details(definition: ComponentDefinition) -> list[Fragment]:
    return [Code(_handler_line(handler)) for handler in definition.handlers]


def _handler_line(handler: HandlerDefinition) -> str:
    init = " (init)" if handler.declaration.init else ""
    if handler.declaration.kind is HandlerKind.INVOCATION:
        return f"{handler.name}({', '.join(_passed_by_callers(handler))})"
    results = "".join(f" → {result.__name__}" for result in handler.returns)
    return f"{handler.payload_name} → {handler.name}{init}{results}"


def _passed_by_callers(handler: HandlerDefinition) -> list[str]:
    injected = {parameter.name for parameter in handler.parameters}
    return [name for name in inspect.signature(handler.function).parameters if name not in injected]
