"""Findings of the lint as a table: under the cell that has them, and for ``%recq lint``."""

from __future__ import annotations

from collections.abc import Iterable

from recq_nb.flow.finding import Finding
from recq_nb.magics.report import Code, Quiet, Table


def finding_table(findings: Iterable[Finding]) -> Table:
    """One row each: the rule, where, what it says, and the next action."""
    rows = [
        (
            Code(f"{found.rule} {found.severity}"),
            Code(str(found.position)),
            (found.message, Quiet(f"→ {found.remedy}")),
        )
        for found in findings
    ]
    return Table(("rule", "where", "finding"), rows)
