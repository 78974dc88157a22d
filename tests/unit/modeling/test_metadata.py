"""Metadata is an immutable mapping from strings to JSON values, the same after any journey."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recq_nb.errors import PayloadError
from recq_nb.modeling.metadata import EMPTY_METADATA, JsonValue, Metadata

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
MAPPINGS = st.dictionaries(st.text(), VALUES, max_size=5)


@given(MAPPINGS)
def test_metadata_survives_its_json(values: dict[str, JsonValue]) -> None:
    metadata = Metadata(values)

    read_back = Metadata.from_json(metadata.to_json())

    assert read_back == metadata == values
    assert (read_back.to_json(), hash(read_back)) == (metadata.to_json(), hash(metadata))


@given(MAPPINGS, MAPPINGS)
def test_more_metadata_is_laid_over(below: dict[str, JsonValue], above: dict[str, JsonValue]) -> None:
    assert Metadata(below).merged(above) == Metadata(below | above)


@given(MAPPINGS)
def test_equal_metadata_hash_alike_whatever_the_order(values: dict[str, JsonValue]) -> None:
    turned = Metadata(dict(reversed(values.items())))

    assert turned == Metadata(values)
    assert hash(turned) == hash(Metadata(values))


def test_metadata_does_not_follow_later_changes_of_what_it_was_made_from() -> None:
    roles: list[JsonValue] = ["admin"]
    metadata = Metadata({"roles": roles})

    roles.append("owner")

    assert metadata == {"roles": ["admin"]}


def test_tuples_become_lists_at_once() -> None:
    values: dict[str, Any] = {"range": (1, 2)}

    assert Metadata(values) == {"range": [1, 2]}


@pytest.mark.parametrize(
    "values",
    [
        {"when": object()},
        {"ratio": float("nan")},
        {"ratio": float("inf")},
        {1: "one"},
        {"deep": {"deeper": {1, 2}}},
        {"raw": b"bytes"},
        "text",
        5,
        [("a", 1, 2)],
    ],
    ids=repr,
)
def test_what_is_no_json_mapping_is_refused(values: object) -> None:
    with pytest.raises(PayloadError, match="metadata maps strings to JSON values"):
        Metadata(values)  # type: ignore[arg-type]  # that is the mistake


@pytest.mark.parametrize("more", ["text", 5, [1], {1: 2}], ids=repr)
def test_what_is_no_json_mapping_cannot_be_laid_over(more: object) -> None:
    with pytest.raises(PayloadError, match="metadata maps strings to JSON values"):
        Metadata({"user": "ada"}).merged(more)  # type: ignore[arg-type]  # that is the mistake


def test_endless_metadata_is_refused() -> None:
    values: dict[str, Any] = {}
    values["self"] = values

    with pytest.raises(PayloadError, match="metadata maps strings to JSON values"):
        Metadata(values)


def test_empty_metadata_is_one_object() -> None:
    assert Metadata.from_json("{}") is EMPTY_METADATA
    assert EMPTY_METADATA.merged(None) is EMPTY_METADATA


def test_metadata_reads_like_a_mapping() -> None:
    metadata = Metadata({"user": "ada", "age": 36})

    assert (metadata["user"], len(metadata), list(metadata), metadata.get("x")) == ("ada", 2, ["user", "age"], None)
    assert repr(metadata) == "Metadata({'user': 'ada', 'age': 36})"
    with pytest.raises(TypeError):
        metadata["user"] = "eve"  # type: ignore[index]  # that is the mistake
