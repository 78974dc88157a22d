"""A process killed in the middle of 256 commands at once, fifty times on one file: nothing confirmed is lost."""

from __future__ import annotations

import random
import signal
from pathlib import Path

from recq_nb import Session
from tests.domains import todo_list
from tests.integration.killed_child import command_of, start
from tests.integration.log_checks import assert_the_log_is_sound, assert_the_read_model_agrees_with_the_log

KILLS = 50


def run_until_killed(store: Path, round_: int, confirmations: int) -> tuple[set[str], dict[str, int]]:
    """Start a child and kill it after so many confirmations; returns what it had sent and what was confirmed."""
    sent: set[str] = set()
    confirmed: dict[str, int] = {}
    child, told = start(store, round_)
    with told:
        for line in told:
            if not line.endswith("\n"):
                break  # it was killed while it wrote this
            what, command_id, *rest = line.split()
            assert what in {"sent", "confirmed"}, line
            if what == "sent":
                sent.add(command_id)
            else:
                confirmed[command_id] = int(rest[0])
            if len(confirmed) == confirmations:
                child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    return sent, confirmed


def test_what_was_confirmed_outlives_fifty_kills_and_resending_the_rest_doubles_nothing(tmp_path: Path) -> None:
    store = tmp_path / "todo.duckdb"
    chance = random.Random(20)
    confirmed: dict[str, int] = {}
    unconfirmed: set[str] = set()

    for round_ in range(KILLS):
        sent, told = run_until_killed(store, round_, chance.randrange(1, 400))
        confirmed |= told
        unconfirmed |= sent - told.keys()

    with Session(store, max_in_flight=100_000) as session:
        session.register(todo_list)
        stored: dict[str, int] = {
            str(command_id): int(str(number))
            for command_id, number in session.sql("SELECT command_id, sequence_number FROM recq.events").rows()
        }
        assert {command_id: stored.get(command_id) for command_id in confirmed} == confirmed
        assert_the_log_is_sound(session)
        assert_the_read_model_agrees_with_the_log(session)

        replies = {
            command_id: session.send(command_of(command_id), command_id=command_id)
            for command_id in sorted(unconfirmed, key=lambda one: (one.rsplit(":", 1)[0], int(one.rsplit(":", 1)[1])))
        }
        for command_id, reply in replies.items():
            assert reply.result().command_id == command_id
        again: dict[str, int] = {
            str(command_id): int(str(number))
            for command_id, number in session.sql("SELECT command_id, sequence_number FROM recq.events").rows()
        }
        assert again.keys() == stored.keys() | unconfirmed
        assert {command_id: again[command_id] for command_id in stored} == stored
        assert_the_log_is_sound(session)
        assert_the_read_model_agrees_with_the_log(session)
