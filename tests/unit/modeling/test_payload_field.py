"""Fields of payloads are shown as a modeller would write them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Annotated, Generic, Literal, Optional, TypeVar, Union

import pytest
from pydantic import Field

from recq_nb.modeling.payload import AggregateId, DomainCommand, DomainEvent, LockId, ServiceCommand, View
from recq_nb.modeling.payload_field import PayloadField, payload_fields, type_label


class Colour(Enum):
    RED = "red"


class Inner(View):
    colour: Colour


class CreateCommand(DomainCommand):
    identifier: AggregateId
    lines: list[Inner] = Field(default_factory=list)
    note: str | None = None


class CreatedEvent(DomainEvent):
    identifier: str


class CreatedInEuropeEvent(CreatedEvent):
    context: str = "EU"


class LockedCommand(ServiceCommand):
    account: LockId
    text: str = "x" * 100


def test_fields_carry_name_type_and_default() -> None:
    assert payload_fields(CreateCommand) == (
        PayloadField("identifier", "AggregateId"),
        PayloadField("lines", "list[Inner]", "list()"),
        PayloadField("note", "str | None", "None"),
    )
    assert [str(field) for field in payload_fields(CreateCommand)] == [
        "identifier: AggregateId",
        "lines: list[Inner] = list()",
        "note: str | None = None",
    ]


def test_a_long_default_is_cut() -> None:
    account, text = payload_fields(LockedCommand)
    assert account == PayloadField("account", "LockId")
    assert text.default is not None
    assert len(text.default) == 40
    assert text.default.endswith("x…")


def test_the_context_of_an_event_is_shown_only_where_it_is_its_own() -> None:
    assert [str(field) for field in payload_fields(CreatedEvent)] == ["identifier: str"]
    assert [str(field) for field in payload_fields(CreatedInEuropeEvent)] == ["identifier: str", "context: str = 'EU'"]


T = TypeVar("T")


class Page(View, Generic[T]):
    items: list[T]


@pytest.mark.parametrize(
    ("annotation", "label"),
    [
        (str, "str"),
        (None, "None"),
        (Optional[int], "int | None"),  # noqa: UP045  what older code writes
        (Union[int, str], "int | str"),  # noqa: UP007  what older code writes
        (dict[str, list[Decimal]], "dict[str, list[Decimal]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Annotated[dt.datetime, "note"], "datetime"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Callable[[int], str], "Callable[[int], str]"),
        (Colour, "Colour"),
        (Page[Inner], "Page[Inner]"),
        (list["Inner"], "list[Inner]"),
        (T, "T"),
    ],
    ids=str,
)
def test_a_type_is_shown_without_module_names(annotation: object, label: str) -> None:
    assert type_label(annotation) == label
