"""Columns are built as pyarrow builds them, whether or not pandas is there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recq_nb.adapters.duckdb.arrow_columns import arrow_array

ROOT = Path(__file__).parent.parent.parent.parent
NUMBERS = st.integers(-(2**65), 2**65) | st.none() | st.integers(-5, 5)
VALUES: dict[pa.DataType, st.SearchStrategy[object]] = {
    pa.string(): st.text() | st.none() | st.binary(max_size=3) | st.integers(0, 3),
    pa.int64(): NUMBERS,
    pa.int32(): NUMBERS,
    pa.float64(): st.floats() | st.integers(-9, 9) | st.none() | st.text(max_size=2),
    pa.timestamp("us", tz="UTC"): NUMBERS | st.datetimes(),
    pa.list_(pa.int64()): st.lists(st.integers(-5, 5), max_size=3) | st.none(),
}


def outcome(
    values: Sequence[object], kind: pa.DataType, make: Callable[[Sequence[object], pa.DataType], pa.Array[Any]]
) -> object:
    try:
        return make(values, kind).to_pylist()
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        return type(error)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_without_pandas_a_column_is_what_pyarrow_makes_of_it(
    monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(list(VALUES)))
    values = data.draw(st.lists(VALUES[kind], max_size=6))
    expected = outcome(values, kind, pa.array)
    with monkeypatch.context() as absent:
        absent.delitem(sys.modules, "pandas", raising=False)
        assert repr(outcome(values, kind, arrow_array)) == repr(expected)


def test_many_commands_at_once_do_not_wait_for_pandas(tmp_path: Path) -> None:
    program = f"""
import sys
from recq_nb import Session
from tests.domains import tally
with Session({str(tmp_path / "tally.duckdb")!r}) as session:
    session.register(tally)
    replies = [session.send(tally.TallyOpenCommand(identifier=str(number))) for number in range(400)]
    print(max(reply.result().sequence_number for reply in replies))
    session.settled().result()
    print(session.sql("SELECT count(*) FROM tally_row").rows(), "pandas" in sys.modules)
"""

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)

    assert ran.stdout.split("\n")[:2] == ["400", "[(400,)] False"]
