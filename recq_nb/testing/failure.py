"""What a specification says when the model does something else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from recq_nb.errors import RecqError
from recq_nb.modeling.legible_text import legible
from recq_nb.testing.difference import Difference, columns, differences

_STYLE = """<style>
.recq-diff{font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:var(--jp-ui-font-size1,13px);
color:var(--jp-ui-font-color1,inherit);line-height:1.45;margin:4px 0}
.recq-diff p{margin:2px 0}
.recq-diff table{border-collapse:collapse;margin:4px 0;border:0;font-size:inherit;color:inherit}
.recq-diff table tr,.recq-diff table tbody tr:nth-child(n){background:none}
.recq-diff th,.recq-diff td{text-align:left;vertical-align:top;padding:3px 14px 3px 0;border:0;
border-top:1px solid var(--jp-border-color2,rgba(128,128,128,.35));background:none;white-space:normal;max-width:34em}
.recq-diff thead th{border-top:0;font-weight:600;opacity:.75}
.recq-diff code{font-family:var(--jp-code-font-family,monospace);font-size:.95em;color:inherit;background:none;
padding:0;white-space:pre-wrap;overflow-wrap:anywhere}
.recq-diff tr.recq-equal td{opacity:.7}
.recq-diff tr.recq-differs td.recq-expected{background:color-mix(in srgb,#2e9e5b 22%,transparent)}
.recq-diff tr.recq-differs td.recq-actual{background:color-mix(in srgb,#d64545 22%,transparent)}
.recq-diff tr.recq-differs td{padding-left:6px}.recq-diff tr.recq-equal td{padding-left:6px}
</style>"""


class SpecificationFailure(RecqError, AssertionError):  # noqa: N818  a failed assertion, named like pytest's
    """The model did something else than its specification says.

    Attributes:
        differences: Every place that was compared, those that agree included.
    """

    def __init__(self, problem: str, *, remedy: str | None = None, compared: Sequence[Difference] = ()) -> None:
        super().__init__(problem, remedy=remedy)
        self.differences = tuple(compared)

    @classmethod
    def between(cls, problem: str, expected: object, actual: object) -> SpecificationFailure:
        """The failure that two values differ."""
        return cls(problem, compared=differences(expected, actual))

    def __str__(self) -> str:
        if not self.differences:
            return legible(super().__str__())
        rows = [("", "field", "expected", "actual")]
        rows += [
            ("=" if row.equal else "≠", row.place or "(whole)", row.expected, row.actual) for row in self.differences
        ]
        return legible(f"{super().__str__()}\n{columns(rows)}")

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{escape(line)}</p>" for line in RecqError.__str__(self).splitlines())
        if not self.differences:
            return legible(f'{_STYLE}<div class="recq-diff">{lines}</div>')
        rows = "".join(_html_row(row) for row in self.differences)
        head = "<thead><tr><th></th><th>field</th><th>expected</th><th>actual</th></tr></thead>"
        return legible(f'{_STYLE}<div class="recq-diff">{lines}<table>{head}<tbody>{rows}</tbody></table></div>')


def _html_row(row: Difference) -> str:
    sign, look = ("=", "recq-equal") if row.equal else ("≠", "recq-differs")
    places = (
        ("", sign),
        ("", row.place or "(whole)"),
        ("recq-expected", row.expected),
        ("recq-actual", row.actual),
    )
    entries = "".join(f'<td class="{name}"><code>{escape(text)}</code></td>' for name, text in places)
    return f'<tr class="{look}">{entries}</tr>'
