"""Metadata: what travels beside a payload through a whole flow (who, from where), string to JSON value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from recq_nb.errors import PayloadError

_RULE = "metadata maps strings to JSON values"
_SCALARS = frozenset({str, int, float, bool, type(None)})

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class Metadata(Mapping[str, JsonValue]):
    """An immutable mapping from strings to JSON values, copied from a command to its event and onwards.

    Raises:
        PayloadError: A key is no string or a value is not JSON (NaN included).
    """

    __slots__ = ("_json", "_values")

    def __init__(self, values: Mapping[str, JsonValue] | None = None) -> None:
        given: object = {} if values is None else values
        if not isinstance(given, Mapping):
            raise PayloadError(f"metadata {given!r} is a {type(given).__name__}; {_RULE}.")
        self._values: dict[str, JsonValue] = dict(given)
        if any(not isinstance(key, str) for key in self._values):
            raise PayloadError(f"metadata {self._values!r} has a key that is no string; {_RULE}.")
        try:
            self._json = json.dumps(self._values, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise PayloadError(
                f"metadata {self._values!r} cannot be written as JSON ({error}); {_RULE}.",
                remedy="Convert dates, numbers like NaN, and objects to strings or plain numbers first.",
            ) from None
        if not all(type(value) in _SCALARS for value in self._values.values()):
            self._values = json.loads(self._json)  # its own copy, with lists where tuples were

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Read back what ``to_json`` wrote."""
        return cls(json.loads(text)) if text != "{}" else EMPTY_METADATA

    def to_json(self) -> str:
        """The JSON text, made once: the same metadata travels with every message of a flow."""
        return self._json

    def merged(self, more: Mapping[str, JsonValue] | None) -> Metadata:
        """This metadata with ``more`` laid over it."""
        if not more:
            return self
        return Metadata({**self._values, **Metadata(more)})

    def __getitem__(self, key: str) -> JsonValue:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Metadata({self._values!r})"

    def __hash__(self) -> int:
        return hash(frozenset(self._values))


EMPTY_METADATA = Metadata()
