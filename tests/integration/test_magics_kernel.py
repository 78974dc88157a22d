"""The extension in a real ipykernel process, spoken to as a notebook front end does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from recq_nb import Session
from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS

_TIMEOUT = 60.0
NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"


@dataclass(frozen=True, slots=True)
class KernelOutcome:
    """What a front end receives for one cell: the status, the plain text of its outputs, and the error's lines."""

    status: str
    shown: tuple[str, ...]
    traceback: tuple[str, ...]


class KernelNotebook:
    """A kernel process and the connection to it."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self._client = client

    def start(self, source: str) -> None:
        """Execute a cell without waiting for its end."""
        self._client.execute(source)

    def ended_with(self) -> int:
        """The exit status of the kernel's process, once it has ended."""
        provisioner = self.manager.provisioner
        assert isinstance(provisioner, LocalProvisioner)
        assert provisioner.process is not None
        return int(provisioner.process.wait(_TIMEOUT))

    def complete(self, source: str) -> list[str]:
        """What the Tab key offers to stand in place of the text's last word."""
        reply = self._client.complete(source, reply=True, timeout=_TIMEOUT)["content"]
        return [source[: reply["cursor_start"]].rpartition(" ")[2] + match for match in reply["matches"]]

    def run(self, source: str, *, cell_id: str) -> KernelOutcome:
        """Execute a cell, sending its id along as JupyterLab does."""
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": False}
        request = self._client.session.msg("execute_request", content, metadata={"cellId": cell_id})
        self._client.shell_channel.send(request)
        message_id = request["header"]["msg_id"]
        shown: list[str] = []
        while True:
            message = self._client.get_iopub_msg(timeout=_TIMEOUT)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    shown.append(str(content["text"]))
                case "display_data" | "execute_result":
                    shown.append(cast("dict[str, str]", content["data"])["text/plain"])
                case "status" if content["execution_state"] == "idle":
                    break
        reply = self._client.get_shell_msg(timeout=_TIMEOUT)
        while reply["parent_header"]["msg_id"] != message_id:  # a late answer to a question of the start
            reply = self._client.get_shell_msg(timeout=_TIMEOUT)
        return KernelOutcome(reply["content"]["status"], tuple(shown), tuple(reply["content"].get("traceback", ())))


@contextmanager
def _new_kernel() -> Iterator[KernelNotebook]:
    """A fresh kernel that has loaded the extension."""
    manager, client = start_new_kernel(startup_timeout=_TIMEOUT)
    try:
        running = KernelNotebook(manager, client)
        assert running.run("%load_ext recq_nb", cell_id="load").status == "ok"
        yield running
    finally:
        client.stop_channels()
        if manager.is_alive():
            manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KernelNotebook]:
    """A fresh kernel that has loaded the extension on a store file."""
    monkeypatch.setenv("RECQ_STORE", str(tmp_path / "todo.duckdb"))
    with _new_kernel() as running:
        yield running


def test_a_model_is_defined_used_and_edited_from_a_front_end(kernel: KernelNotebook) -> None:
    assert kernel.run(TODO_PAYLOADS, cell_id="payloads").status == "ok"
    assert kernel.run(TODO_COMPONENTS, cell_id="components").status == "ok"
    sent = kernel.run(
        "reply = await recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Groceries'))\n"
        "(await recq.query(TodoListFindQuery(identifier='TDLS_1'), after=reply)).name",
        cell_id="use",
    )
    assert sent.shown == ("'Groceries'",)

    refused = kernel.run("recq.send(TodoListCreateCommand(identifier='TDLS_2', name='')).result()", cell_id="use")
    assert refused.status == "error"
    assert refused.traceback[0] == "Rejection: [todo_list.name] a list needs a name"

    broken = kernel.run("%%recq_payload\nclass TodoListView(View):\n    name: Nothing\n", cell_id="payloads")
    assert broken.status == "error"
    assert broken.traceback[0].startswith("PayloadDefinitionError: TodoListView.name (line 3) mentions Nothing")

    kernel.run("%%recq_payload\nclass One(View): pass\nclass Two(View): pass\n", cell_id="extra")
    edited = kernel.run("%%recq_payload\nclass Two(View): pass\n", cell_id="extra")
    assert "removed" in edited.shown[0]
    again = kernel.run(
        "(await recq.query(TodoListFindQuery(identifier='TDLS_1'), after=reply)).name", cell_id="use again"
    )
    assert again.shown == ("'Groceries'",)


def test_the_tab_key_offers_the_subcommands_of_the_line_magic_and_what_follows_them(
    kernel: KernelNotebook, tmp_path: Path
) -> None:
    (tmp_path / "a folder").mkdir()
    (tmp_path / "other.duckdb").touch()

    offered = {
        line: kernel.complete(line)
        for line in ("%recq ", "x = 1\n%recq st", "%recq strict ", "%recq specs e", "%recq reset ", "%recq lint ")
    }

    assert {"status", "help", "store", "lint", "strict", "specs", "reset"} <= set(offered["%recq "])
    assert offered["x = 1\n%recq st"] == ["status", "store", "strict"]
    assert offered["%recq strict "] == ["off", "on"]
    assert offered["%recq specs e"] == ["export"]
    assert offered["%recq reset "] == ["--yes"]
    assert not {"on", "off", "export"} & set(offered["%recq lint "])
    assert "memory" in kernel.complete("%recq store ")
    assert f"{tmp_path}/other.duckdb" in kernel.complete(f"%recq store {tmp_path}/o")
    assert any(text.endswith("send") for text in kernel.complete("recq.sen"))
    assert "status" not in kernel.complete("recq ")


def test_findings_are_those_of_the_cell_as_it_was_run_last(kernel: KernelNotebook) -> None:
    warned = "%%recq_payload\nclass OrderPlacedEvent(DomainEvent):\n    order: str\n    lines: list[str] = []\n"
    clean = warned.replace(" = []", "")

    shown = [kernel.run(source, cell_id="payload").shown for source in (warned, clean, warned)]

    assert [any("RECQ034" in text for text in one) for one in shown] == [True, False, True]


def test_shutting_the_kernel_down_closes_the_store(kernel: KernelNotebook, tmp_path: Path) -> None:
    kernel.run(TODO_PAYLOADS, cell_id="payloads")
    kernel.run(TODO_COMPONENTS, cell_id="components")
    kernel.run("await recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Groceries'))", cell_id="use")

    kernel.manager.shutdown_kernel()

    with Session(tmp_path / "todo.duckdb") as session:
        assert session.status().head == 1
    assert [path.name for path in tmp_path.glob("todo.duckdb*")] == ["todo.duckdb"]


def _definitions_of(notebook: str) -> list[str]:
    cells = nbformat.read(NOTEBOOKS / f"{notebook}.ipynb", as_version=4).cells
    return [cell.source for cell in cells if cell.source.startswith(("%%recq_payload", "%%recq_component"))]


_SEND_UNTIL_KILLED = """
import os, signal
with open({confirmed!r}, "w") as confirmed:
    for number in range(60):
        command = TodoListCreateCommand(identifier=f"TDLS_{{number}}", name=f"List {{number}}")
        reply = await recq.send(command, metadata={{"user": "ada"}})
        print(command.identifier, file=confirmed, flush=True)
        if number == 40:
            for extra in range(200):
                recq.send(TodoListCreateCommand(identifier=f"LATE_{{extra}}", name="unheard"))
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_kernel_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    definitions = _definitions_of("01_todo_list")
    store = f"%recq store {tmp_path / 'todo.duckdb'}"
    confirmed = tmp_path / "confirmed.txt"
    with _new_kernel() as kernel:
        for place, source in enumerate([store, *definitions]):
            assert kernel.run(source, cell_id=f"cell {place}").status == "ok"
        kernel.start(_SEND_UNTIL_KILLED.format(confirmed=str(confirmed)))
        assert kernel.ended_with() == -signal.SIGKILL

    with _new_kernel() as kernel:
        for place, source in enumerate([*definitions, store]):
            assert kernel.run(source, cell_id=f"cell {place}").status == "ok"
        found = kernel.run(
            "await recq.settled()\n"
            "events = recq.sql('select aggregate_id from recq.events order by sequence_number').rows()\n"
            "','.join(event[0] for event in events)",
            cell_id="log",
        )
        shown = kernel.run(
            "','.join(row[0] for row in recq.sql('select identifier from todo_list_row').rows())", cell_id="rows"
        )

    told = confirmed.read_text().split()
    stored = found.shown[-1].strip("'").split(",")
    assert told == [f"TDLS_{number}" for number in range(41)]
    assert stored[: len(told)] == told
    assert len(set(stored)) == len(stored)
    assert set(shown.shown[-1].strip("'").split(",")) == set(stored)
