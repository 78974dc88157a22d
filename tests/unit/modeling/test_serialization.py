"""What is written as JSON is read back equal, with the newest class, or refused before it is written."""

import enum
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from recq_nb.errors import PayloadError
from recq_nb.modeling.payload import DomainEvent
from recq_nb.modeling.serialization import decode_event, decode_model, encode_event, encode_model
from recq_nb.modeling.state import AggregateState

LIMIT = 1_000_000


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    name: str
    weight: Decimal


class PackedEvent(DomainEvent):
    text: str = ""
    number: int = 0
    ratio: float = 0.0
    maybe: float | None = None
    exact: Decimal = Decimal(0)
    colour: Colour = Colour.RED
    moment: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    day: date = date(2030, 1, 1)
    clock: time = time(1)
    span: timedelta = timedelta()
    key: UUID = UUID(int=0)
    raw: bytes = b""
    tags: frozenset[str] = frozenset()
    pair: tuple[int, str] = (0, "")
    parts: list[Part] = Field(default_factory=list)
    counts: dict[int, str] = Field(default_factory=dict)


class TallyState(AggregateState):
    counts: dict[str, int] = Field(default_factory=dict)
    level: float = 0.0


AWARE = st.datetimes(timezones=st.just(UTC))
EVENTS = st.builds(
    PackedEvent,
    text=st.text(),
    number=st.integers(),
    ratio=st.floats(allow_nan=False),
    maybe=st.none() | st.floats(allow_nan=False),
    exact=st.decimals(allow_nan=False, allow_infinity=False),
    colour=st.sampled_from(Colour),
    moment=AWARE,
    day=st.dates(),
    clock=st.times(),
    span=st.timedeltas(min_value=timedelta(days=-10_000), max_value=timedelta(days=10_000)),
    key=st.uuids(),
    raw=st.binary(),
    tags=st.frozensets(st.text()),
    pair=st.tuples(st.integers(), st.text()),
    parts=st.lists(st.builds(Part, name=st.text(), weight=st.decimals(allow_nan=False, allow_infinity=False))),
    counts=st.dictionaries(st.integers(), st.text()),
    context=st.text(min_size=1),
)


@given(EVENTS)
def test_an_event_is_read_back_equal(event: PackedEvent) -> None:
    assert decode_event(PackedEvent, encode_event(event, max_bytes=LIMIT), event.context) == event


@given(st.builds(TallyState, counts=st.dictionaries(st.text(), st.integers()), level=st.floats(allow_nan=False)))
def test_a_state_is_read_back_equal(state: TallyState) -> None:
    assert decode_model(TallyState, encode_model(state)) == state


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_json_has_no_word_for_survive_too(number: float) -> None:
    event = decode_event(PackedEvent, encode_event(PackedEvent(ratio=number, maybe=number), max_bytes=LIMIT), "default")
    state = decode_model(TallyState, encode_model(TallyState(level=number)))

    assert [repr(event.ratio), repr(event.maybe), repr(state.level)] == [repr(number)] * 3


def test_an_event_that_could_not_be_read_back_is_refused() -> None:
    class Plain(BaseModel):
        ratio: float

    class WeighedEvent(DomainEvent):
        plain: Plain

    with pytest.raises(PayloadError, match="WeighedEvent cannot be written as JSON: it would not be read back"):
        encode_event(WeighedEvent(plain=Plain(ratio=math.nan)), max_bytes=LIMIT)


def test_the_context_is_kept_beside_the_payload() -> None:
    text = encode_event(PackedEvent(context="EU-1"), max_bytes=LIMIT)

    assert "EU-1" not in text
    assert decode_event(PackedEvent, text, "EU-2").context == "EU-2"


def test_an_event_that_is_too_large_is_refused_with_both_sizes() -> None:
    with pytest.raises(PayloadError) as refused:
        encode_event(PackedEvent(text="x" * 2_000), max_bytes=1_000)

    assert "the limit is 1,000" in refused.value.problem
    assert refused.value.remedy is not None
    assert "max_payload_bytes" in refused.value.remedy


@pytest.mark.parametrize(
    "values",
    [
        {"text": 5, "context": "default"},
        {"text": object(), "context": "default"},
        {"text": "\ud800", "context": "default"},
        {"text": "x", "context": None},
        {"text": "x", "context": 5},
        {"text": "x", "context": ""},
        {"text": "x", "context": "\ud800"},
        {"text": "x", "parts": [5], "context": "default"},
    ],
    ids=ascii,
)
def test_an_event_whose_values_were_never_checked_is_refused_when_it_is_written(values: dict[str, Any]) -> None:
    event = PackedEvent.model_construct(**values)

    with pytest.raises(PayloadError, match="PackedEvent"):
        encode_event(event, max_bytes=LIMIT)


def test_an_event_made_without_its_required_fields_is_refused_when_it_is_written() -> None:
    class NamedEvent(DomainEvent):
        name: str

    with pytest.raises(PayloadError, match="NamedEvent"):
        encode_event(NamedEvent.model_construct(), max_bytes=LIMIT)  # type: ignore[call-arg]  # that is the mistake


# -- newer classes -----------------------------------------------------------------------------------------------------


def test_a_field_added_with_a_default_takes_it_in_older_events() -> None:
    class NamedEvent(DomainEvent):
        name: str
        colour: str = "white"

    assert decode_event(NamedEvent, '{"name": "x"}', "default") == NamedEvent(name="x", colour="white")


def test_a_field_that_was_removed_is_ignored_in_older_events() -> None:
    class NamedEvent(DomainEvent):
        name: str

    assert decode_event(NamedEvent, '{"name": "x", "colour": "white"}', "default") == NamedEvent(name="x")


@pytest.mark.parametrize("text", ["{}", '{"name": 5}', "not json", '{"name": null}', "[]", ""])
def test_an_older_event_that_no_longer_fits_says_which_field_and_what_to_do(text: str) -> None:
    class NamedEvent(DomainEvent):
        name: str

    with pytest.raises(PayloadError, match="a stored NamedEvent does not fit its class") as refused:
        decode_event(NamedEvent, text, "default")

    assert refused.value.remedy == "Give new fields of NamedEvent a default, so that old events can still be read."


def test_a_state_that_cannot_be_written_says_so() -> None:
    with pytest.raises(PayloadError, match="TallyState cannot be written as JSON"):
        encode_model(TallyState.model_construct(counts={"a": object()}))  # type: ignore[dict-item]  # that is the mistake
