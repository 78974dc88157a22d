"""Columns of read-model tables: which DuckDB and Arrow type a field has, and how its values travel."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from enum import Enum
from typing import Annotated, Literal, get_args, get_origin
from uuid import UUID

import pyarrow as pa
from pydantic import BaseModel, TypeAdapter

from recq_nb.modeling.payload_definition import unwrap_optional
from recq_nb.modeling.read_model import ReadModel, ReadModelDefinition


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Field and column name.
        sql_type: Its DuckDB type.
        arrow_type: The type of a batch's array.
        to_store: Python value → stored value (never given None).
        from_store: Stored value → what pydantic validates (never given None).
    """

    name: str
    sql_type: str
    arrow_type: pa.DataType
    to_store: Callable[[object], object]
    from_store: Callable[[object], object]

    @property
    def as_given(self) -> bool:
        """Whether every value is its own stored form."""
        return self.to_store is _same

    def store(self, value: object) -> object:
        """The stored form of a value."""
        return None if value is None else self.to_store(value)

    def restore(self, value: object) -> object:
        """A value from its stored form."""
        return None if value is None else self.from_store(value)


_PLACES = 10
_WIDE = Context(prec=60)
ROUNDED = frozenset({"DECIMAL(38, 10)", "TIMESTAMPTZ"})
"""Types whose values are stored in another form than they may be given."""


def _same(value: object) -> object:
    return value


def _moment(value: object) -> object:
    """Naive datetimes count as UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _ten_places(value: object) -> object:
    """A decimal column keeps ten places; what is finer is rounded half to even."""
    if not isinstance(value, Decimal) or not value.is_finite() or -int(value.as_tuple().exponent) <= _PLACES:
        return value
    return value.quantize(Decimal(1).scaleb(-_PLACES), context=_WIDE)


def _enum_value(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _uuid_text(value: object) -> object:
    return str(value)


_SCALARS: tuple[tuple[type, str, pa.DataType, Callable[[object], object], Callable[[object], object]], ...] = (
    (bool, "BOOLEAN", pa.bool_(), _same, _same),
    (int, "BIGINT", pa.int64(), _same, _same),
    (float, "DOUBLE", pa.float64(), _same, _same),
    (str, "VARCHAR", pa.string(), _same, _same),
    (bytes, "BLOB", pa.binary(), _same, _same),
    (Decimal, "DECIMAL(38, 10)", pa.decimal128(38, _PLACES), _ten_places, _same),
    (datetime, "TIMESTAMPTZ", pa.timestamp("us", tz="UTC"), _moment, _same),
    (date, "DATE", pa.date32(), _same, _same),
    (time, "TIME", pa.time64("us"), _same, _same),
    (timedelta, "INTERVAL", pa.duration("us"), _same, _same),
    (UUID, "UUID", pa.string(), _uuid_text, _same),
)


def column_of(name: str, annotation: object) -> Column:
    """The column for a field of this annotation."""
    wanted, _ = unwrap_optional(annotation)
    if get_origin(wanted) is Annotated:
        wanted = get_args(wanted)[0]
    if get_origin(wanted) is Literal and all(isinstance(value, str) for value in get_args(wanted)):
        return Column(name, "VARCHAR", pa.string(), _same, _same)
    if isinstance(wanted, type):
        if issubclass(wanted, Enum) and all(isinstance(member.value, str) for member in wanted):
            return Column(name, "VARCHAR", pa.string(), _enum_value, _same)
        if not issubclass(wanted, Enum | BaseModel):
            for python_type, sql_type, arrow_type, to_store, from_store in _SCALARS:
                if issubclass(wanted, python_type):
                    return Column(name, sql_type, arrow_type, to_store, from_store)
    adapter: TypeAdapter[object] = TypeAdapter(annotation)  # type: ignore[arg-type]  # a field's annotation is a type
    return Column(
        name, "JSON", pa.string(), lambda value: adapter.dump_json(value).decode(), lambda value: json.loads(str(value))
    )


def columns_of(row_type: type[ReadModel]) -> tuple[Column, ...]:
    """The columns of a row class, in field order."""
    return tuple(column_of(name, field.annotation) for name, field in row_type.model_fields.items())


def quoted(name: str) -> str:
    """A SQL identifier, whatever is in the name."""
    return '"' + name.replace('"', '""') + '"'


def create_statement(definition: ReadModelDefinition) -> str:
    """SQL that makes the table of a read model."""
    columns = ", ".join(f"{quoted(column.name)} {column.sql_type}" for column in columns_of(definition.row_type))
    key = ", ".join(map(quoted, definition.key_fields))
    return f"CREATE TABLE main.{quoted(definition.table_name)} ({columns}, PRIMARY KEY ({key}))"
