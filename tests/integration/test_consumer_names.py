"""Consumers of components and contexts whose names look alike: each keeps its own progress, whoever comes and goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from recq_nb import ComponentDefinitionError, Key, ReadModel, Session, Table, event_handler, projector
from recq_nb.adapters.duckdb import schema
from tests.domains import tally
from tests.domains.tally import TallyAddedEvent

SEEN: list[str] = []


def reader(name: str, contexts: Sequence[str] = ("*",), version: int = 1) -> type:
    """A projector of any name that notes the events it sees."""
    row = type(f"{name}Row", (ReadModel,), {"__annotations__": {"number": Key[int]}, "__module__": __name__})

    def added(self: object, event: TallyAddedEvent, rows: object) -> None:  # noqa: ARG001  a handler has a self
        SEEN.append(f"{name} {event.amount}")

    added.__annotations__ = {"event": TallyAddedEvent, "rows": Table[row], "return": None}  # type: ignore[valid-type]
    return projector(version=version, contexts=contexts)(type(name, (), {"added": event_handler(added)}))


def consumers_of(path: Path) -> dict[str, tuple[int, str]]:
    """What a closed store keeps of its consumers: checkpoint and component by id."""
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute("SELECT consumer_id, checkpoint, component FROM recq.consumers").fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


def run(path: Path, *components: type, amounts: Sequence[int] = ()) -> list[str]:
    """Open the store with these components, add to a tally, and return what they saw."""
    SEEN.clear()
    with Session(path) as session:
        session.register(tally.TallyAggregate, *components)
        if session.status().head == 0:
            session.send(tally.TallyOpenCommand(identifier="T")).result()
        for amount in amounts:
            session.send(tally.TallyAddCommand(identifier="T", amount=amount)).result()
        session.settled().result()
    return sorted(SEEN)


LOOKALIKES = [
    ("A", ("*",), "A_1", ("*",)),
    ("A", ("*",), "A_1_1", ("1_*",)),
    ("A", ("1_EU", "default"), "A_1", ("default", "EU.1_2")),
    ("Lager", ("2_*", "*"), "Lager_1_2", ("*",)),
    ("Größe", ("*",), "Größe_1", ("*",)),
    ("A_1", ("*",), "A_1_1_2_3", ("3_4_*", "*")),
]


@pytest.mark.parametrize(("name", "contexts", "other", "other_contexts"), LOOKALIKES)
def test_a_component_alone_leaves_the_progress_of_one_whose_name_begins_like_its_own(
    name: str, contexts: tuple[str, ...], other: str, other_contexts: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "tally.duckdb"
    run(path, reader(name, contexts), reader(other, other_contexts), amounts=[1])
    before = consumers_of(path)

    alone = run(path, reader(name, contexts))
    rebuilt = run(path, reader(name, contexts, version=2))
    returned = run(path, reader(other, other_contexts))

    kept = {key: value for key, value in consumers_of(path).items() if value[1] == other}
    assert kept == {key: value for key, value in before.items() if value[1] == other}
    assert (alone, returned) == ([], [])
    assert set(rebuilt) == ({f"{name} 1"} if {"*", "default"} & set(contexts) else set())


def test_a_new_version_and_new_contexts_replace_only_a_components_own(tmp_path: Path) -> None:
    path = tmp_path / "tally.duckdb"
    run(path, reader("A", ("1_EU", "*")), reader("A_1"), amounts=[1])

    assert run(path, reader("A", ("*",), version=2)) == ["A 1"]

    assert {key: component for key, (_, component) in consumers_of(path).items()} == {
        "A_2_*": "A",
        "A_1_1_*": "A_1",
    }


def test_two_components_that_would_share_a_checkpoint_are_refused() -> None:
    with Session() as session:
        session.register(reader("A", ["1_x"]))
        with pytest.raises(ComponentDefinitionError, match="A and A_1 would share the checkpoint A_1_1_x"):
            session.register(reader("A_1", ["x"]))


def as_written_by_schema_3(path: Path) -> None:
    """Turn a store into what the code before schema 4 wrote."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE recq.consumers DROP COLUMN component")
        connection.execute("UPDATE recq.store_info SET value = '3' WHERE name = 'schema_version'")


@pytest.mark.parametrize("opened", ["together", "one by one"])
def test_consumers_of_a_store_of_schema_3_get_their_components_and_go_on(opened: str, tmp_path: Path) -> None:
    path = tmp_path / "tally.duckdb"
    plain, lookalike = reader("Plain_b", ("EU*", "default")), reader("Plain_b_1")
    run(path, plain, lookalike, amounts=[1])
    as_written_by_schema_3(path)

    seen = run(path, plain, lookalike) if opened == "together" else [*run(path, plain), *run(path, lookalike)]

    assert seen == []
    assert consumers_of(path) == {
        "Plain_b_1_EU*": (2, "Plain_b"),
        "Plain_b_1_default": (2, "Plain_b"),
        "Plain_b_1_1_*": (2, "Plain_b_1"),
    }


def test_a_store_built_by_the_migrations_before_schema_4_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        for migration in schema._MIGRATIONS[:3]:
            connection.execute(migration)
        connection.execute("INSERT INTO recq.store_info VALUES ('schema_version', '3')")
        for consumer_id in ("A_1_*", "A_1_1_*", "A_1_EU_2_x", "Größe_12_a_b", "B_2_\n"):
            connection.execute("INSERT INTO recq.consumers VALUES ($1, 0, 'f', true)", [consumer_id])

    run(path, amounts=[1])

    assert {key: component for key, (_, component) in consumers_of(path).items()} == {
        "A_1_*": "A",
        "A_1_1_*": "",
        "A_1_EU_2_x": "",
        "Größe_12_a_b": "Größe",
        "B_2_\n": "B",
    }


def test_dead_events_of_a_lookalike_are_not_inherited(tmp_path: Path) -> None:
    path = tmp_path / "tally.duckdb"
    run(path, reader("A"), reader("A_1"), amounts=[1])
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "INSERT INTO recq.dead_events VALUES ('A_1_1_*', 2, 'TallyAddedEvent', 'T', 'default', 'E', '', 3, now())"
        )

    run(path, reader("A", version=2))

    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT consumer_id FROM recq.dead_events").fetchall() == [("A_1_1_*",)]
