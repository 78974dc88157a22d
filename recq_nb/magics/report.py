"""Reports: what a magic shows, once as HTML for the notebook and once as plain text for everything else.

Everything is escaped here and nowhere else: a report is built from text, never from markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from IPython.display import display

from recq_nb.modeling.legible_text import legible

_STYLE = """<style>
.recq-report{font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:var(--jp-ui-font-size1,13px);
color:var(--jp-ui-font-color1,inherit);line-height:1.45;margin:2px 0}
.recq-report p.recq-line{margin:2px 0}
.recq-report .recq-quiet,.recq-report .recq-table th{color:var(--jp-ui-font-color1,inherit);opacity:.75}
.recq-report .recq-table{border-collapse:collapse;margin:4px 0;border:0;font-size:inherit;color:inherit;
table-layout:auto}
.recq-report .recq-table tr,.recq-report .recq-table tbody tr:nth-child(n){background:none}
.recq-report .recq-table th,.recq-report .recq-table td{text-align:left;vertical-align:top;padding:3px 14px 3px 0;
border:0;border-top:1px solid var(--jp-border-color2,rgba(128,128,128,.35));background:none;max-width:52em;
white-space:normal}
.recq-report .recq-table thead th{border-top:0;font-weight:600;padding-bottom:2px}
.recq-report.recq-report :is(td,p)>code.recq-code{font-family:var(--jp-code-font-family,monospace);font-size:.95em;
color:inherit;background:none;padding:0;overflow-wrap:break-word;white-space:pre-wrap}
.recq-report .recq-chip{display:inline-block;white-space:nowrap;padding:0 7px;border-radius:9px;
border:1px solid var(--recq-colour);background:color-mix(in srgb,var(--recq-colour) 20%,transparent)}
</style>"""


@dataclass(frozen=True, slots=True)
class Code:
    """Text in the font of code."""

    text: str

    def html(self) -> str:
        """As markup."""
        return f'<code class="recq-code">{escape(self.text)}</code>'


@dataclass(frozen=True, slots=True)
class Quiet:
    """Text that steps back."""

    text: str

    def html(self) -> str:
        """As markup."""
        return f'<span class="recq-quiet">{escape(self.text)}</span>'


@dataclass(frozen=True, slots=True)
class Chip:
    """A label in the colour of what it names."""

    text: str
    colour: str

    def html(self) -> str:
        """As markup."""
        return f'<span class="recq-chip" style="--recq-colour:{escape(self.colour)}">{escape(self.text)}</span>'


Fragment = str | Code | Quiet | Chip
Entry = Fragment | Sequence[Fragment]
"""What one place of a table holds: a fragment, or several, one below the other."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings."""

    headings: Sequence[str]
    rows: Sequence[Sequence[Entry]]

    def html(self) -> str:
        """As markup."""
        head = "".join(f"<th>{escape(heading)}</th>" for heading in self.headings)
        body = "".join(f"<tr>{''.join(f'<td>{_html(entry)}</td>' for entry in row)}</tr>" for row in self.rows)
        return f'<table class="recq-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    @property
    def text(self) -> str:
        """As aligned columns."""
        rows = [[_text(entry) for entry in row] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(self.headings, *rows, strict=True)]
        lines = [
            "  ".join(place.ljust(width) for place, width in zip(row, widths, strict=True)).rstrip()
            for row in ([*self.headings], *rows)
        ]
        return "\n".join(f"  {line}" for line in lines)


def _fragments(entry: Entry) -> Sequence[Fragment]:
    return [entry] if isinstance(entry, str | Code | Quiet | Chip) else entry


def _html(entry: Entry) -> str:
    return "<br>".join(escape(part) if isinstance(part, str) else part.html() for part in _fragments(entry))


def _text(entry: Entry) -> str:
    parts = (part if isinstance(part, str) else part.text for part in _fragments(entry))
    return "; ".join(" ".join(part.split()) for part in parts)


class Report:
    """Lines and tables, shown as HTML with a plain-text twin.

    Args:
        *blocks: A fragment or several on one line (as a paragraph each), or a table.
    """

    def __init__(self, *blocks: Entry | Table) -> None:
        self._blocks = blocks

    def _repr_html_(self) -> str:
        parts = [
            block.html() if isinstance(block, Table) else f'<p class="recq-line">{_html(block)}</p>'
            for block in self._blocks
        ]
        return legible(f'{_STYLE}<div class="recq-report">{"".join(parts)}</div>')

    def __repr__(self) -> str:
        return legible("\n".join(block.text if isinstance(block, Table) else _text(block) for block in self._blocks))

    def show(self) -> None:
        """Display it as output of the running cell."""
        display(self)  # type: ignore[no-untyped-call]  # IPython leaves it untyped
