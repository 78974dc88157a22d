"""Views as tables: one row each; a single view's own lists of views below it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from recq_nb.magics.report import Code, Entry, Quiet, Table
from recq_nb.modeling.payload import View

_MOST_ROWS = 20
_LONGEST = 300


def brief(text: str) -> Code:
    """Text as code, cut short where it would flood the page."""
    return Code(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def view_blocks(views: Sequence[View]) -> list[Entry | Table]:
    """What shows some views of one type; nothing where there are none."""
    if not views:
        return []
    fields = list(type(views[0]).model_fields)
    inner = {field: found for field in fields if len(views) == 1 and (found := _views_in(getattr(views[0], field)))}
    outer = [field for field in fields if field not in inner]
    blocks: list[Entry | Table] = []
    if outer:
        blocks.append(
            Table(outer, [[_value(getattr(view, field, "")) for field in outer] for view in views[:_MOST_ROWS]])
        )
    if len(views) > _MOST_ROWS:
        blocks.append(Quiet(f"and {len(views) - _MOST_ROWS} more"))
    for field, found in inner.items():
        blocks += [Quiet(f"{field}:"), *view_blocks(found)]
    return blocks


def _views_in(value: object) -> list[View]:
    return [item for item in value if isinstance(item, View)] if isinstance(value, list | tuple) else []


def _value(value: object) -> Entry:
    if found := _views_in(value):
        return Quiet(f"{len(found)} {type(found[0]).__name__}")
    if value is None:
        return Quiet("None")
    if isinstance(value, datetime):
        return Code(value.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z"))
    return brief(str(value))
