"""A parallel projector that dies with gaps behind what it has projected."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from recq_nb import Session
from recq_nb.testing.clock import ManualClock
from tests.integration.killed_projector import COMPONENTS, COUNT, EXECUTORS, Held, held_back, run_and_die


@pytest.mark.slow
def test_what_a_killed_projector_had_not_reached_is_projected_and_what_it_had_is_not_again(tmp_path: Path) -> None:
    for seed in range(20):
        store = tmp_path / f"{seed}.duckdb"

        ending = run_and_die(store, seed)
        with Session(store, clock=ManualClock(), executors=EXECUTORS, injector={Held: Held()}) as session:
            before = session.sql("SELECT number FROM number_row ORDER BY number").rows()
            session.register(*COMPONENTS)
            session.settled().result()
            rows = session.sql("SELECT number, times FROM number_row ORDER BY number").rows()

        assert ending == -signal.SIGKILL
        held = held_back(seed)
        assert before == [(number,) for number in range(1, COUNT + 1) if number not in held]
        assert rows == [(number, 1) for number in range(1, COUNT + 1)]
