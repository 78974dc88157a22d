"""Values as Python source: what is written makes the same value again."""

from __future__ import annotations

from collections import deque
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import AliasChoices, AnyUrl, BaseModel, Field, JsonValue, SecretStr
from pydantic.dataclasses import dataclass

from recq_nb import ServiceCommand
from recq_nb.widgets.python_source import source_of


class Colour(Enum):
    RED = "red"
    TWO = 2


class Level(IntEnum):
    LOW = 1


class Right(Flag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Size:
    wide: int
    high: int = 2


class Inner(BaseModel):
    text: str
    kind: Literal["inner"] = "inner"


class ManyCommand(ServiceCommand):
    value: object = None


class TypedCommand(ServiceCommand):
    number: int = 0
    json_value: JsonValue = None
    moment: datetime | None = None
    wait: timedelta = timedelta()
    amount: Decimal = Decimal(0)
    raw: bytes = b""
    texts: list[str] = Field(default_factory=list)
    odd: frozenset[int] = frozenset()
    nested: dict[str, list[Inner]] = Field(default_factory=dict)


class AliasCommand(ServiceCommand):
    number: int = Field(alias="class")
    other: int = Field(default=0, validation_alias=AliasChoices("first", "second"))  # type: ignore[pydantic-alias]  # what is tested


class MomentCommand(ServiceCommand):
    hour: time
    day: date


class UrlCommand(ServiceCommand):
    url: AnyUrl


def remade(payload: BaseModel) -> object:
    """What the copied cell makes, when it is run in a notebook without any names."""
    source = source_of(payload)
    names: dict[str, object] = {}
    exec(source.cell("made = {}"), names)
    return names["made"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        2**80,
        0.1,
        float("inf"),
        'it\'s "quoted"\n\\ <b>',
        b"\x00'",
        Decimal("1.10"),
        Decimal("-0.00"),
        UUID(int=5),
        date(2026, 2, 28),
        datetime(2026, 2, 28, 1, 2, 3, 4, tzinfo=UTC),
        datetime(2026, 2, 28, 1, 2, tzinfo=ZoneInfo("Europe/Rome")),
        datetime(2026, 2, 28, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
        time(5),
        time(5, 6, 7, 8, tzinfo=UTC),
        timedelta(days=-1, seconds=5, microseconds=7),
        timedelta(),
        Colour.TWO,
        Level.LOW,
        Right.READ | Right.WRITE,
        [1, [2, (3,), ()]],
        {1, 2},
        set(),
        frozenset({"a"}),
        frozenset(),
        deque([1], maxlen=3),
        {"a": {Colour.RED: [None]}, (1, 2): {}},
        Point(1, 2),
        Size(3),
        Inner(text="x"),
        SecretStr("hush"),
        Path("/tmp/x"),
        IPv4Address("127.0.0.1"),
        IPv6Network("::/64"),
    ],
    ids=repr,
)
def test_a_value_is_made_again(value: object) -> None:
    payload = ManyCommand.model_construct(value=value)

    again = remade(payload)

    assert isinstance(again, ManyCommand)
    assert again.value == value
    assert type(again.value) is type(value)


@given(
    some.builds(
        TypedCommand,
        number=some.integers(),
        json_value=some.recursive(
            some.none() | some.booleans() | some.integers() | some.text(),
            lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
            max_leaves=20,
        ),
        moment=some.none() | some.datetimes(timezones=some.just(UTC) | some.none()),
        wait=some.timedeltas(),
        amount=some.decimals(allow_nan=False, allow_infinity=False),
        raw=some.binary(),
        texts=some.lists(some.text()),
        odd=some.frozensets(some.integers()),
        nested=some.dictionaries(some.text(), some.lists(some.builds(Inner, text=some.text()))),
    )
)
def test_any_payload_is_made_again(payload: TypedCommand) -> None:
    assert remade(payload) == payload


def test_only_what_was_given_is_written() -> None:
    source = source_of(TypedCommand(number=3))

    assert source.expression == "TypedCommand(number=3)"
    assert source.imports == (f"from {__name__} import TypedCommand",)


def test_moments_take_no_name_a_notebook_may_have_given_to_something_else() -> None:
    source = source_of(MomentCommand(hour=time(8, 15), day=date(2026, 3, 1)))

    assert source.expression == "MomentCommand(hour=dt.time(8, 15), day=dt.date(2026, 3, 1))"
    assert source.imports == (f"from {__name__} import MomentCommand", "import datetime as dt")


def test_fields_with_an_alias_go_by_what_the_constructor_takes() -> None:
    payload = AliasCommand.model_validate({"class": 1, "second": 2})

    assert source_of(payload).expression == "AliasCommand(**{'class': 1, 'first': 2})"
    assert remade(payload) == payload


def test_what_has_no_literal_is_read_from_json() -> None:
    payload = UrlCommand(url=AnyUrl("http://127.0.0.1/it's"))

    assert source_of(payload).expression.startswith("UrlCommand.model_validate_json(")
    assert remade(payload) == payload


def test_a_long_call_is_broken_at_its_arguments() -> None:
    payload = TypedCommand(texts=["a" * 60, "b" * 60], number=1)

    assert source_of(payload).expression.splitlines() == [
        "TypedCommand(",
        "    number=1,",
        "    texts=[",
        f"        '{'a' * 60}',",
        f"        '{'b' * 60}',",
        "    ],",
        ")",
    ]
    assert remade(payload) == payload
