"""Field changes: what an event changed, down to the single value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that an event changed.

    Attributes:
        of: ``"aggregate"`` or ``"read model"``.
        name: Aggregate component, or table.
        key: Aggregate id, or the row's key as text.
        field: Field or column; nested ones as a path such as ``todos.T1.content`` or ``items[2]``.
        before: Its value; None also where it did not exist.
        after: Its value; None also where it exists no more.
        what: ``"added"``, ``"changed"`` or ``"removed"``.
    """

    of: str
    name: str
    key: str
    field: str
    before: object
    after: object
    what: str


_Fields = dict[str, object]


def field_changes(of: str, name: str, key: str, before: _Fields | None, after: _Fields | None) -> Iterator[FieldChange]:
    """In which fields two versions of one thing differ; a version that does not exist is None."""
    then, now = _leaves(before), _leaves(after)
    for path in [*now, *(path for path in then if path not in now)]:
        if path in then and path in now and repr(then[path]) == repr(now[path]):  # NaN is itself here
            continue
        what = "added" if path not in then else "removed" if path not in now else "changed"
        yield FieldChange(of, name, key, path, then.get(path), now.get(path), what)


def _leaves(fields: _Fields | None) -> dict[str, object]:
    """The values of fields by path; a nested object or list has a path for each of its own."""
    found: dict[str, object] = {}
    waiting: list[tuple[str, object]] = list((fields or {}).items())[::-1]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [(f"{path}.{name}", inner) for name, inner in reversed(list(value.items()))]
        elif isinstance(value, list) and value:
            waiting += [(f"{path}[{place}]", inner) for place, inner in reversed(list(enumerate(value)))]
        else:
            found[path] = value
    return found
