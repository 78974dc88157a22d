"""Sessions make the garbage collector patient, and leave it as they found it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from recq_nb import Session
from recq_nb.runtime.garbage import YOUNG


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_the_collector_is_patient_while_any_session_is_open_and_as_before_after_the_last() -> None:
    with Session():
        with Session():
            assert gc.get_threshold() == (YOUNG, 10, 10)
        assert gc.get_threshold() == (YOUNG, 10, 10)

    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("chosen", [(0, 10, 10), (100_000, 5, 5)])
def test_a_collector_that_is_off_or_more_patient_is_left_alone(chosen: tuple[int, int, int]) -> None:
    gc.set_threshold(*chosen)

    with Session():
        inside = gc.get_threshold()

    assert (inside, gc.get_threshold()) == (chosen, chosen)


def test_a_threshold_set_while_a_session_is_open_stays() -> None:
    with Session():
        gc.set_threshold(5_000, 10, 10)

    assert gc.get_threshold() == (5_000, 10, 10)
