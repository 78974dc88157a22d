"""recq-nb events and replay, on a store that a session wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from recq_nb import Session
from recq_nb.cli import event_export, main
from tests.domains import todo_list

DOMAINS = Path(todo_list.__file__)
NOTEBOOKS = Path(__file__).parents[3] / "notebooks"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "todo.duckdb"
    with Session(path) as session:
        session.register(todo_list)
        for number in range(3):
            name = f"list {number}"
            session.send(todo_list.TodoListCreateCommand(identifier=f"TDLS_{number}", name=name)).result()
        session.send(
            todo_list.TodoListAddTodoCommand(identifier="TDLS_1", todo_identifier="TODO_1", content="milk")
        ).result()
        session.settled().result()
    return path


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_events_are_exported_as_json_lines_in_order(store: Path) -> None:
    result = _run("events", store)

    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [event["sequence_number"] for event in events] == [1, 2, 3, 4]
    assert events[3]["payload"]["content"] == "milk"


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--name", "TodoListTodo*"), [4]),
        (("--aggregate", "TDLS_1"), [2, 4]),
        (("--context", "other"), []),
        (("--after", "2"), [3, 4]),
        (("--aggregate", "' OR true --"), []),
    ],
)
def test_events_are_filtered(store: Path, options: tuple[str, ...], numbers: list[int]) -> None:
    result = _run("events", store, *options)

    assert [json.loads(line)["sequence_number"] for line in result.stdout.splitlines()] == numbers


def test_a_long_log_is_exported_page_by_page(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_export, "PAGE", 2)

    results = [_run("events", store, "-o", tmp_path / f"events.{suffix}") for suffix in ("parquet", "csv", "jsonl")]

    assert [result.exit_code for result in results] == [0, 0, 0]
    assert pq.read_table(tmp_path / "events.parquet").column("sequence_number").to_pylist() == [1, 2, 3, 4]
    assert len((tmp_path / "events.csv").read_text().splitlines()) == 5
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == 4


def test_an_export_of_nothing_is_a_file_all_the_same(store: Path, tmp_path: Path) -> None:
    for form in ("parquet", "csv", "jsonl"):
        assert _run("events", store, "--name", "Nobody*", "-o", tmp_path / f"events.{form}").exit_code == 0

    assert pq.read_table(tmp_path / "events.parquet").num_rows == 0
    assert pq.read_table(tmp_path / "events.parquet").column_names[:3] == ["sequence_number", "event_id", "event_name"]
    assert (tmp_path / "events.csv").read_text().startswith("sequence_number,event_id,event_name,")
    assert (tmp_path / "events.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("events", "missing.duckdb"), "missing.duckdb does not exist."),
        (("events", "STORE", "--format", "parquet"), "name a file with --output"),
        (("replay", "STORE", "missing.py"), "missing.py does not exist."),
        (("replay", "STORE", DOMAINS, "--projector", "Nobody"), "has no projector Nobody"),
    ],
)
def test_what_cannot_be_done_is_exit_code_2_and_says_why(
    store: Path, arguments: tuple[str | Path, ...], problem: str
) -> None:
    result = _run(*(store if argument == "STORE" else argument for argument in arguments))

    assert result.exit_code == 2
    assert problem in result.output


WRONG_ROW = "class Row(ReadModel):\n    number: int\n"
PROJECTOR = """
@projector
class Broken:
    @event_handler
    def created(self, event: TodoListCreatedEvent, commands: CommandGateway) -> None: ...
"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1 / 0", "model.py, line 1 cannot be executed: ZeroDivisionError: division by zero"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemExit(7)", "cannot be executed: SystemExit: 7"),
        (f"from recq_nb import *\n{WRONG_ROW}", "has no projector"),
        (f"from recq_nb import *\nfrom tests.domains.todo_list import *\n{PROJECTOR}", "projectors may not send"),
    ],
)
def test_a_model_that_refuses_to_run_is_exit_code_1_without_a_traceback(
    store: Path, tmp_path: Path, text: str, problem: str
) -> None:
    model = tmp_path / "model.py"
    model.write_text(text)

    result = _run("replay", store, model)

    assert result.exit_code == (2 if problem == "has no projector" else 1)
    assert problem in result.stderr
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_store_that_cannot_be_opened_and_an_output_that_cannot_be_written_are_exit_code_1(
    store: Path, tmp_path: Path
) -> None:
    ours = Session(store)
    held = _run("events", store)
    ours.close()
    runs = [
        held,
        _run("events", __file__),
        _run("replay", __file__, DOMAINS),
        *(_run("events", store, "-o", tmp_path / "none" / f"x.{form}") for form in ("csv", "jsonl", "parquet")),
        _run("graph", DOMAINS, "-o", tmp_path / "none" / "x.svg"),
    ]

    assert [(run.exit_code, "Error: " in run.stderr, "Usage" in run.stderr) for run in runs] == [
        (1, True, False)
    ] * len(runs)


def _notebook(path: Path, *cells: str) -> Path:
    path.write_text(json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}))
    return path


def test_a_notebooks_definitions_find_the_constants_and_functions_they_need(store: Path, tmp_path: Path) -> None:
    text = DOMAINS.read_text().replace("from __future__ import annotations\n", "")
    model = _notebook(
        tmp_path / "model.ipynb",
        "from datetime import timedelta\nnever = recq.send(None)",
        "PAUSE = timedelta(seconds=2)\ndef pause(): return PAUSE",
        "%%recq_component\n" + text.replace("class TodoListProjector:", "class TodoListProjector:\n    wait = pause()"),
        "reply = await recq.send(1)",
    )

    loaded = _run("replay", store, model)
    assert loaded.exit_code == 0, loaded.output

    magic = _notebook(
        tmp_path / "magic.ipynb", "PAUSE = %pause", "%%recq_component\nclass Row(ReadModel):\n    p = PAUSE"
    )
    refused = _run("replay", store, magic)
    assert refused.exit_code == 1
    assert "uses PAUSE" in refused.stderr


@pytest.mark.parametrize("shipped", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_shipped_notebook_can_rebuild_its_read_models(shipped: Path, tmp_path: Path) -> None:
    Session(tmp_path / "empty.duckdb").close()

    result = _run("replay", tmp_path / "empty.duckdb", shipped)

    assert result.exit_code == 0, result.output


def test_read_models_are_rebuilt_by_a_module(store: Path) -> None:
    with Session(store) as session:
        session.sql("DELETE FROM todo_list_row", write=True)

    result = _run("replay", store, DOMAINS)

    assert (result.exit_code, result.stderr.splitlines()[-1]) == (0, "rebuilt by TodoListProjector")
    with Session(store) as session:
        assert session.sql("SELECT identifier FROM todo_list_row ORDER BY ALL").rows() == [
            ("TDLS_0",),
            ("TDLS_1",),
            ("TDLS_2",),
        ]


def test_read_models_are_rebuilt_by_a_notebook_of_which_only_definitions_run(store: Path, tmp_path: Path) -> None:
    text = DOMAINS.read_text().replace("from __future__ import annotations\n", "")
    cells = ["%load_ext recq_nb", "%%recq_component\n" + text, "raise SystemExit('not a definition')", "print(1)"]
    notebook = tmp_path / "model.ipynb"
    notebook.write_text(json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}))

    result = _run("replay", store, notebook, "--projector", "TodoListProjector")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == "rebuilt by TodoListProjector"


def test_an_event_that_cannot_be_projected_is_exit_code_1(store: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken_model.py"
    broken.write_text(
        DOMAINS.read_text()
        .replace("user, now = _user(message), message.timestamp", "raise ValueError('no')")
        .replace("    @event_handler\n    def created", "    @event_handler(retry=0)\n    def created")
    )

    result = _run("replay", store, broken)

    assert result.exit_code == 1
    assert "TodoListProjector could not project an event" in result.stderr
