"""Stores that were damaged, cut short or left behind: what can be saved is there, the rest is refused and let go."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from recq_nb import Session, StoreError
from tests.domains import tally
from tests.domains.tally import TallyAddCommand, TallyOpenCommand

ROOT = Path(__file__).parent.parent.parent

KILLED = """
import os, sys
from recq_nb import Session
from tests.domains import tally
session = Session(sys.argv[1])
session.register(tally)
session.send(tally.TallyOpenCommand(identifier="A")).result()
for _ in range(30):
    session.send(tally.TallyAddCommand(identifier="A")).result()
session.settled().result()
os._exit(9)
"""

FORKED = """
import os, sys, warnings
from recq_nb import Session
from tests.domains import tally
warnings.simplefilter("ignore")
with Session(sys.argv[1]) as session:
    session.register(tally)
    session.send(tally.TallyOpenCommand(identifier="A")).result()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        for _ in range(5):
            session.send(tally.TallyAddCommand(identifier="A")).result()
    else:
        sys.exit(0)  # leaves through the session's own end, and the interpreter's
"""


def run(program: str, store: Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-c", program, str(store)]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def totals_in(store: Path) -> tuple[list[int], list[tuple[object, ...]]]:
    """Versions in the log, and what is projected once everything is."""
    with Session(store) as session:
        session.register(tally)
        session.settled(timeout=30).result(30)
        versions = [int(str(row[0])) for row in session.sql("select version from recq.events order by all").rows()]
        return versions, session.sql("select total from tally_row").rows()


def make_store(store: Path) -> None:
    with Session(store) as session:
        session.register(tally)
        session.send(TallyOpenCommand(identifier="A")).result(30)
        session.send(TallyAddCommand(identifier="A")).result(30)
        session.settled(timeout=30).result(30)


def test_a_write_ahead_log_cut_anywhere_gives_a_prefix_of_the_log_and_a_read_model_that_agrees(tmp_path: Path) -> None:
    """As after a loss of power: the last writes may be missing, but nothing is there by halves."""
    run(KILLED, tmp_path / "whole.duckdb")
    wal = (tmp_path / "whole.duckdb.wal").read_bytes()
    found = []

    for part in range(0, 101, 10):
        store = tmp_path / f"cut{part}.duckdb"
        shutil.copy(tmp_path / "whole.duckdb", store)
        store.with_name(store.name + ".wal").write_bytes(wal[: len(wal) * part // 100])
        versions, projected = totals_in(store)
        assert versions == list(range(1, len(versions) + 1))
        assert projected == ([(len(versions) - 1,)] if versions else [])
        found.append(len(versions))

    assert found == sorted(found)
    assert found[-1] == 31


def test_a_store_cut_anywhere_is_refused_or_whole_and_never_crashes(tmp_path: Path) -> None:
    make_store(tmp_path / "whole.duckdb")
    whole = (tmp_path / "whole.duckdb").read_bytes()
    whole_ones: list[float] = []
    refused: list[float] = []

    for part in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
        store = tmp_path / f"cut{part}.duckdb"
        store.write_bytes(whole[: int(len(whole) * part)])
        try:
            assert totals_in(store) == ([1, 2], [(1,)])
            whole_ones.append(part)
        except StoreError:
            refused.append(part)

    assert sorted([*whole_ones, *refused]) == [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]
    assert 0.3 in refused
    make_store(tmp_path / "new.duckdb")


@pytest.mark.parametrize("table", ["events", "consumers", "snapshots", "command_outcomes", "read_models"])
def test_a_store_that_lacks_a_table_is_refused_and_let_go(tmp_path: Path, table: str) -> None:
    store = tmp_path / "tally.duckdb"
    make_store(store)
    with duckdb.connect(str(store)) as connection:
        connection.execute(f"drop table recq.{table}")

    for _ in range(2):
        with pytest.raises(StoreError) as refused:
            Session(store)
        assert refused.value.remedy
        assert "another session" not in refused.value.problem

    with duckdb.connect(str(store)) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_forked_process_that_ends_leaves_its_parents_file_alone(tmp_path: Path) -> None:
    store = tmp_path / "tally.duckdb"

    done = run(FORKED, store)

    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert totals_in(store) == ([1, 2, 3, 4, 5, 6], [(5,)])


@pytest.mark.parametrize("name", [":memory:", "memory"])
def test_duckdbs_own_name_for_memory_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)

    with Session(name) as session:
        session.register(tally)
        session.send(TallyOpenCommand(identifier="A")).result(30)
        assert session.status().store == "memory"

    assert list(tmp_path.iterdir()) == []
