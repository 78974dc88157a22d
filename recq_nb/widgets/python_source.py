"""Values as Python source: what one would write in a cell to make the same payload."""

from __future__ import annotations

import dataclasses
import keyword
import math
from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum, Flag
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PurePath
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

LINE = 96
"""Characters of a line, before it is broken at its arguments."""
_INDENT = "    "
_DATETIME = "import datetime as dt"
"""Not its classes by name: a notebook may have a module ``time``, or a ``date`` of its own."""
_SHOWN_AS_TEXT = (IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, UUID)


class PythonSource(NamedTuple):
    """Source of one expression, and the imports it needs, sorted."""

    expression: str
    imports: tuple[str, ...]

    def cell(self, template: str = "{}") -> str:
        """A whole cell: the imports, then the expression put into a call."""
        lines = [template.replace("{}", self.expression)]
        return "\n".join([*self.imports, *([""] if self.imports else []), *lines])


class _NoSourceError(Exception):
    """A value nothing here knows how to write."""


def source_of(payload: BaseModel) -> PythonSource:
    """A payload as its constructor call; as a call of ``model_validate_json`` where a value has no literal.

    Only fields that were given are written, under the names the constructor takes. Names from ``__main__`` (a
    notebook's own) need no import.
    """
    writer = _Writer()
    try:
        expression = writer.write(payload, 0)
    except _NoSourceError:
        writer = _Writer()
        text = payload.model_dump_json(by_alias=True, exclude_unset=True)
        expression = f"{writer.name_of(type(payload))}.model_validate_json({text!r})"
    return PythonSource(expression, tuple(sorted(writer.imports)))


class _Writer:
    def __init__(self) -> None:
        self.imports: set[str] = set()

    def name_of(self, named: type) -> str:
        module, name = named.__module__, named.__qualname__
        if "<locals>" in name:
            name = named.__name__
        elif module not in {"__main__", "builtins"}:
            self.imports.add(f"from {module} import {name.partition('.')[0]}")
        return name

    def write(self, value: object, depth: int) -> str:  # noqa: C901, PLR0911  one branch a type
        if isinstance(value, Enum):
            return self._enum(value)
        if value is None or type(value) in (bool, int, str, bytes):
            return repr(value)
        if type(value) is float:
            return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
        if isinstance(value, BaseModel):
            return self._model(value, depth)
        if isinstance(value, Decimal):
            return f"{self.name_of(Decimal)}({str(value)!r})"
        if isinstance(value, _SHOWN_AS_TEXT):
            return f"{self.name_of(type(value))}({str(value)!r})"
        if isinstance(value, datetime | date | time | timedelta):
            return self._moment(value)
        if isinstance(value, SecretStr | SecretBytes):
            return f"{self.name_of(type(value))}({value.get_secret_value()!r})"
        if isinstance(value, PurePath):
            self.imports.add("from pathlib import Path")
            return f"Path({str(value)!r})"
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            given = [(one.name, getattr(value, one.name)) for one in dataclasses.fields(value) if one.init]
            return self._call(self.name_of(type(value)), given, depth)
        return self._collection(value, depth)

    def _collection(self, value: object, depth: int) -> str:  # noqa: PLR0911  one return a type
        if isinstance(value, Mapping) and type(value) is dict:
            items = [f"{self.write(key, depth + 1)}: {self.write(one, depth + 1)}" for key, one in value.items()]
            return self._bracketed("{", items, "}", depth)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return self._call(self.name_of(type(value)), list(zip(value._fields, value, strict=True)), depth)
        if not isinstance(value, list | tuple | set | frozenset | deque):
            raise _NoSourceError
        items = [self.write(one, depth + 1) for one in value]
        if type(value) is list:
            return self._bracketed("[", items, "]", depth)
        if type(value) is tuple:
            return f"({items[0]},)" if len(items) == 1 else self._bracketed("(", items, ")", depth)
        if type(value) is set:
            return self._bracketed("{", sorted(items), "}", depth) if items else "set()"
        if type(value) is frozenset:
            return f"frozenset({self._bracketed('{', sorted(items), '}', depth)})" if items else "frozenset()"
        if type(value) is deque:
            bound = "" if value.maxlen is None else f", maxlen={value.maxlen}"
            return f"{self.name_of(deque)}({self._bracketed('[', items, ']', depth)}{bound})"
        raise _NoSourceError

    def _enum(self, value: Enum) -> str:
        name = self.name_of(type(value))
        if str(value.name).isidentifier() and value.name in type(value).__members__:
            return f"{name}.{value.name}"
        if isinstance(value, Flag):
            return f"{name}({value.value!r})"
        return f"{name}[{value.name!r}]"

    def _moment(self, value: datetime | date | time | timedelta) -> str:
        self.imports.add(_DATETIME)
        if isinstance(value, timedelta):
            parts = [("days", value.days), ("seconds", value.seconds), ("microseconds", value.microseconds)]
            return f"dt.timedelta({', '.join(f'{name}={part}' for name, part in parts if part) or '0'})"
        if type(value) is date:
            return f"dt.date({value.year}, {value.month}, {value.day})"
        arguments: list[str] = []
        if isinstance(value, datetime):
            arguments += [str(value.year), str(value.month), str(value.day)]
        assert isinstance(value, datetime | time)
        moment = [value.hour, value.minute, value.second, value.microsecond]
        while len(moment) > (2 if isinstance(value, datetime) else 1) and not moment[-1]:
            moment.pop()
        arguments += [str(part) for part in moment]
        if value.tzinfo is not None:
            offset = value.utcoffset()
            arguments.append(f"tzinfo={self._zone(value.tzinfo, offset)}")
        if value.fold:
            arguments.append("fold=1")
        return f"dt.{type(value).__name__}({', '.join(arguments)})"

    def _zone(self, zone: tzinfo, offset: timedelta | None) -> str:
        if isinstance(zone, ZoneInfo) and zone.key:
            self.imports.add("from zoneinfo import ZoneInfo")
            return f"ZoneInfo({zone.key!r})"
        if offset is None:
            raise _NoSourceError
        self.imports.add(_DATETIME)
        return f"dt.timezone({self._moment(offset)})" if offset else "dt.timezone.utc"

    def _model(self, model: BaseModel, depth: int) -> str:
        fields = type(model).model_fields
        named = {name: _argument_of(name, field, type(model)) for name, field in fields.items()}
        given = [(named[name], getattr(model, name)) for name in fields if name in model.model_fields_set]
        given += list((model.__pydantic_extra__ or {}).items())
        return self._call(self.name_of(type(model)), given, depth)

    def _call(self, name: str, given: list[tuple[str, object]], depth: int) -> str:
        written = [(argument, self.write(value, depth + 1)) for argument, value in given]
        if all(argument.isidentifier() and not keyword.iskeyword(argument) for argument, _ in written):
            return self._bracketed(f"{name}(", [f"{argument}={one}" for argument, one in written], ")", depth)
        items = [f"{argument!r}: {one}" for argument, one in written]
        return f"{name}(**{self._bracketed('{', items, '}', depth)})"

    def _bracketed(self, opening: str, items: list[str], closing: str, depth: int) -> str:
        flat = f"{opening}{', '.join(items)}{closing}"
        if len(flat) + depth * len(_INDENT) <= LINE and "\n" not in flat:
            return flat
        inner = _INDENT * (depth + 1)
        return "\n".join([opening, *(f"{inner}{item}," for item in items), f"{_INDENT * depth}{closing}"])


def _argument_of(name: str, field: FieldInfo, model_type: type[BaseModel]) -> str:
    """What the constructor calls a field: its alias, unless it takes names as well."""
    config = model_type.model_config
    if config.get("populate_by_name") or config.get("validate_by_name"):
        return name
    alias = field.validation_alias if field.validation_alias is not None else field.alias
    if alias is None:
        return name
    if isinstance(alias, str):
        return alias
    for choice in getattr(alias, "choices", ()):
        if isinstance(choice, str):
            return choice
    raise _NoSourceError
