"""The application graph as dataframes: what there is, what leads where, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from recq_nb.flow.application_graph import ApplicationGraph
from recq_nb.flow.finding import Finding

if TYPE_CHECKING:
    import pandas as pd

_CATALOG = ("name", "kind", "component", "handles", "content", "description", "position")
_EDGES = ("source", "kind", "target", "position")
_FINDINGS = ("rule", "severity", "message", "remedy", "path", "cell", "line", "column")


def catalog_frame(graph: ApplicationGraph) -> pd.DataFrame:
    """One row for each payload, component and handler.

    Columns: name, kind, component, handles, content (the fields of a payload, the view of a query), description,
    position.
    """
    rows: list[tuple[str, ...]] = []
    for payload in graph.payloads:
        fields = ", ".join(f"{field.name}: {field.type_text}" for field in payload.fields)
        view = f" → {f'list[{payload.view}]' if payload.is_many else payload.view}" if payload.view else ""
        place = str(payload.position or "")
        rows.append((payload.name, str(payload.kind), "", "", fields + view, payload.description, place))
    for component in graph.components:
        tables = ", ".join(component.read_models)
        text = component.description
        rows.append((component.name, str(component.kind), component.name, "", tables, text, str(component.position)))
        rows += [
            (one.id, str(one.kind), component.name, one.handles or "", "", one.description, str(one.position))
            for one in component.handlers
        ]
    return _frame(rows, _CATALOG)


def edges_frame(graph: ApplicationGraph) -> pd.DataFrame:
    """One row for each place that says so: source, kind, target, position."""
    rows = [
        (edge.source, str(edge.kind), edge.target, str(position)) for edge in graph.edges for position in edge.positions
    ]
    return _frame(rows, _EDGES)


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """One row for each finding: rule, severity, message, remedy and where."""
    rows = [
        (
            one.rule,
            str(one.severity),
            one.message,
            one.remedy,
            one.position.path,
            one.position.cell,
            one.position.line,
            one.position.column,
        )
        for one in findings
    ]
    return _frame(rows, _FINDINGS)


def _frame(rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415  a third of a second that nobody else waits for

    return pd.DataFrame(rows, columns=list(columns))
