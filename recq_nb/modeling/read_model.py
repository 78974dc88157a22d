"""Read models: tables a projector owns and projections read, declared as row classes."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict

from recq_nb.errors import ComponentDefinitionError


class KeyMarker:
    """Marks a field of a read model as part of its key."""


T = TypeVar("T")

Key = Annotated[T, KeyMarker()]
"""Type of a key field: ``identifier: Key[str]``. Several make a compound key, in the order of the class."""


class ReadModel(BaseModel):
    """One row of a read-model table, named after the class in snake_case (``TodoListRow`` → ``todo_list_row``).

    Immutable: change a row with ``Table.update`` or by upserting a new one.

    Field types become DuckDB types: str VARCHAR, bool BOOLEAN, int BIGINT, float DOUBLE, Decimal DECIMAL(38, 10),
    datetime TIMESTAMPTZ, date DATE, time TIME, timedelta INTERVAL, bytes BLOB, UUID UUID, an enum of strings
    VARCHAR, anything else JSON.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="strings"
    )


Row = TypeVar("Row", bound=ReadModel)


class Table(ABC, Generic[Row]):
    """A read-model table as a handler sees it: its own and its batch's earlier writes included.

    Projectors write; in a projection every write raises ``CapabilityError``. Values are always bound, never spliced
    into SQL; ``where`` takes a SQL condition with ``$name`` parameters.
    """

    @abstractmethod
    def get(self, *key: object) -> Row | None:
        """The row with this key (its parts in class order), or None."""

    @abstractmethod
    def upsert(self, *rows: Row) -> None:
        """Insert rows, replacing those with the same key."""

    @abstractmethod
    def update(self, *key: object, **changes: object) -> Row:
        """Replace fields of the row with this key and return the new row.

        Raises:
            ReadModelError: There is no such row, or a change does not fit its field.
        """

    @abstractmethod
    def delete(self, *key: object) -> bool:
        """Remove the row with this key; True if there was one."""

    @abstractmethod
    def find(self, **equal: object) -> list[Row]:
        """All rows whose fields equal the given values, ordered by key."""

    @abstractmethod
    def where(
        self,
        condition: str = "true",
        *,
        order_by: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        **parameters: object,
    ) -> list[Row]:
        """Rows that satisfy a SQL condition, e.g. ``rows.where("name ilike $like", like="%milk%", limit=15)``.

        Args:
            condition: SQL over the table's columns; ``$name`` refers to a keyword parameter.
            order_by: SQL; by key when not given, so that pages are stable.
            limit: Most rows to return.
            offset: Rows to skip.
            **parameters: Values for the condition's ``$name``.
        """

    @abstractmethod
    def count(self, condition: str = "true", **parameters: object) -> int:
        """How many rows satisfy a SQL condition."""

    @abstractmethod
    def clear(self) -> None:
        """Remove every row."""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.where())

    def __len__(self) -> int:
        return self.count()

    def __contains__(self, key: object) -> bool:
        return self.get(*(key if isinstance(key, tuple) else (key,))) is not None


@dataclass(frozen=True, slots=True)
class ReadModelDefinition:
    """A row class with what the store needs to know of it.

    Attributes:
        name: Class name; its identity.
        table_name: Name of its DuckDB table, in schema ``main``.
        key_fields: Fields that make up the key, in class order.
    """

    name: str
    table_name: str
    row_type: type[ReadModel]
    key_fields: tuple[str, ...]


def table_name_of(row_type: type[ReadModel]) -> str:
    """``TodoListRow`` → ``todo_list_row``."""
    with_breaks = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", row_type.__name__)
    return with_breaks.lower()


def define_read_model(row_type: type[ReadModel]) -> ReadModelDefinition:
    """Check a row class against the rules of read models.

    Raises:
        ComponentDefinitionError: It has no ``Key`` field, or an optional one.
    """
    keys = tuple(
        name
        for name, field in row_type.model_fields.items()
        if any(isinstance(marker, KeyMarker) for marker in field.metadata)
    )
    if not keys:
        raise ComponentDefinitionError(
            f"{row_type.__name__} has no key; a read model is found by its key.",
            remedy=f"Mark the identifying field of {row_type.__name__}: `identifier: Key[str]`.",
        )
    optional = [name for name in keys if type(None) in get_args(row_type.model_fields[name].annotation)]
    if optional:
        raise ComponentDefinitionError(
            f"{row_type.__name__}.{optional[0]} is an optional key; every row is found by its key.",
            remedy=f"Declare it plainly: `{optional[0]}: Key[str]`.",
        )
    return ReadModelDefinition(row_type.__name__, table_name_of(row_type), row_type, keys)


@dataclass(frozen=True, slots=True)
class ProjectorStatus:
    """How far a projector is while it handles an event.

    Attributes:
        head_reached: False during a replay or catch-up; True once the consumer has been at the head of the log.
            Save-then-notify handlers notify only when it is True.
        lag: Events between this one and the head of the log when its batch was fetched.
    """

    head_reached: bool
    lag: int
