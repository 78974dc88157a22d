"""Differences: what was expected beside what there is, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from itertools import zip_longest
from typing import NamedTuple

from pydantic import BaseModel

_MISSING = object()
_LONGEST = 2_000


class Difference(NamedTuple):
    """One place at which both sides were compared.

    Attributes:
        place: Path of the field, e.g. ``[0].todos.milk``; ``""`` for the whole.
        expected: As text; ``"—"`` where nothing was expected.
        actual: As text; ``"—"`` where there is nothing.
        equal: Whether both sides agree.
    """

    place: str
    expected: str
    actual: str
    equal: bool


def differences(expected: object, actual: object, place: str = "") -> list[Difference]:
    """Compare two values, payloads and states by class name and field, lists and mappings by place.

    Equal fields are listed too: they are what the others are read against.
    """
    if expected is _MISSING or actual is _MISSING:
        return [Difference(place, _shown(expected), _shown(actual), equal=False)]
    left, right = _parts(expected), _parts(actual)
    if left is None or right is None or _kind(expected) != _kind(actual):
        return [Difference(place, _shown(expected), _shown(actual), _equal(expected, actual))]
    found: list[Difference] = []
    for key in dict.fromkeys((*left, *right)):
        name = f"{place}{key}" if key.startswith("[") or not place else f"{place}.{key}"
        found.extend(differences(left.get(key, _MISSING), right.get(key, _MISSING), name))
    return found or [Difference(place, _shown(expected), _shown(actual), equal=True)]


def same(expected: object, actual: object) -> bool:
    """Whether two values agree everywhere; classes count by name, like every payload."""
    return all(difference.equal for difference in differences(expected, actual))


def _kind(value: object) -> str:
    return "list" if _is_list(value) else type(value).__name__


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _equal(expected: object, actual: object) -> bool:
    return type(expected).__name__ == type(actual).__name__ and bool(expected == actual)


def _parts(value: object) -> dict[str, object] | None:
    """The fields of a value by name; None for a value that has none."""
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, dict):
        return {f"[{key!r}]": part for key, part in value.items()}
    if isinstance(value, list | tuple):
        return {f"[{index}]": part for index, part in enumerate(value)}
    return None


def _shown(value: object) -> str:
    if value is _MISSING:
        return "—"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as aligned columns; a line break inside a place is shown as ⏎."""
    flat = [["⏎".join(place.splitlines()) for place in row] for row in rows]
    widths = [max(map(len, column)) for column in zip_longest(*flat, fillvalue="")]
    lines = ("  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip() for row in flat)
    return "\n".join(f"  {line}" for line in lines)
