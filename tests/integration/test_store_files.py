"""Store files that cannot be used: each says which rule it breaks and what to do, and is left as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from recq_nb import (
    Session,
    StoreError,
    StoreFormatError,
    StoreLockedError,
    StoreUnavailableError,
    StoreVersionError,
)
from tests.domains import todo_list

ROOT = Path(__file__).parent.parent.parent


def make_store(path: Path, lists: int = 1) -> None:
    with Session(path) as session:
        session.register(todo_list)
        for number in range(lists):
            session.send(todo_list.TodoListCreateCommand(identifier=f"TDLS_{number}", name="x")).result()
        session.settled().result()


def refusal_of(path: Path) -> StoreError:
    with pytest.raises(StoreError) as refused:
        Session(path)
    assert refused.value.remedy
    return refused.value


def assert_usable(path: Path, lists: int) -> None:
    with Session(path) as session:
        session.register(todo_list)
        assert session.status().head == lists
        session.send(todo_list.TodoListCreateCommand(identifier="TDLS_more", name="x")).result()


def test_a_directory_is_no_store(tmp_path: Path) -> None:
    assert isinstance(refusal_of(tmp_path), StoreUnavailableError)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    error = refusal_of(tmp_path / "nowhere" / "todo.duckdb")
    assert isinstance(error, StoreUnavailableError)
    assert "nowhere" in error.problem


@pytest.mark.parametrize("content", [b"", b"hello, I am a text" * 1_000, bytes(range(256)) * 64])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "todo.duckdb"
    path.write_bytes(content)
    assert isinstance(refusal_of(path), StoreFormatError)
    assert path.read_bytes() == content


def test_a_truncated_store_is_refused_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "todo.duckdb"
    make_store(path, lists=50)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    assert isinstance(refusal_of(path), StoreError)
    path.write_bytes(whole)
    assert_usable(path, 50)


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sales.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE sales (amount INTEGER)")
    assert isinstance(refusal_of(path), StoreFormatError)
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("sales",)]


def test_a_store_of_a_newer_schema_is_refused_and_an_older_one_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "todo.duckdb"
    make_store(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE recq.store_info SET value = '99' WHERE name = 'schema_version'")
    assert isinstance(refusal_of(path), StoreVersionError)
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE recq.consumers DROP COLUMN component")
        connection.execute("DROP TABLE recq.messages")
        connection.execute("UPDATE recq.store_info SET value = '2' WHERE name = 'schema_version'")
    assert_usable(path, 1)
    with Session(path) as session:
        assert session.sql("SELECT count(*) FROM recq.messages").rows() == [(0,)]


def test_a_store_open_in_this_kernel_is_refused_by_every_way_to_write_its_path(tmp_path: Path) -> None:
    path = tmp_path / "todo.duckdb"
    (tmp_path / "link.duckdb").symlink_to(path)
    with Session(path) as session:
        session.register(todo_list)
        for other in (path, tmp_path / "link.duckdb", tmp_path / ".." / tmp_path.name / "todo.duckdb"):
            error = refusal_of(other)
            assert isinstance(error, StoreLockedError)
            assert "another session of this kernel" in error.problem
        session.send(todo_list.TodoListCreateCommand(identifier="TDLS_0", name="x")).result()
    assert_usable(path, 1)


def test_a_store_held_by_another_process_is_refused_by_naming_it(tmp_path: Path) -> None:
    path = tmp_path / "todo.duckdb"
    code = f"from recq_nb import Session\nwith Session({str(path)!r}):\n    print('open', flush=True)\n    input()"
    arguments = [sys.executable, "-c", code]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        error = refusal_of(path)
        holder.communicate("\n")
    assert isinstance(error, StoreLockedError)
    assert str(holder.pid) in error.problem
    assert_usable(path, 0)


FULL_DISK = """
import resource, signal, sys
from recq_nb import RecqError, Session, StoreError
from tests.domains import todo_list

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Session(sys.argv[1]) as session:
    session.register(todo_list)
    for number in range(20):
        session.send(todo_list.TodoListCreateCommand(identifier=f"TDLS_{number}", name="x")).result()
    session.settled().result()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    refused = 0
    for number in range(20, 25):
        try:
            session.send(todo_list.TodoListCreateCommand(identifier=f"TDLS_{number}", name="x" * 5000)).result()
        except StoreError:
            refused += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    print("refused", refused, flush=True)
    for number in range(25, 30):
        session.send(todo_list.TodoListCreateCommand(identifier=f"TDLS_{number}", name="x")).result()
    session.settled().result()
    print("head", session.status().head, flush=True)
"""


def test_a_full_disk_fails_the_command_stores_nothing_by_halves_and_is_overcome(tmp_path: Path) -> None:
    path = tmp_path / "todo.duckdb"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, cwd=ROOT, check=False, timeout=120
    )
    assert done.stdout.splitlines() == ["refused 5", "head 25"], done.stderr
    assert_usable(path, 25)


def test_a_read_only_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "todo.duckdb"
    make_store(path)
    monkeypatch.setattr("os.access", lambda *_: False)  # whoever runs the tests may be allowed to write everywhere
    error = refusal_of(path)
    assert isinstance(error, StoreUnavailableError)
    assert "read-only" in error.problem
    monkeypatch.undo()
    assert_usable(path, 1)
