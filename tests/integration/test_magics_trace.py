"""``%%recq_trace`` in a real shell: what a cell caused, all of it, and nothing else."""

from __future__ import annotations

import pytest

from recq_nb import MagicUsageError, Rejection
from tests.integration.notebook_shell import Notebook

SEND = 'reply = await recq.send(TodoListCreateCommand(identifier="{0}", name="<b>{0}</b>"))\n'


def test_the_picture_holds_what_the_cell_caused_and_nothing_else(todo_notebook: Notebook) -> None:
    todo_notebook.run(SEND.format("BEFORE"))

    outcome = todo_notebook.run("%%recq_trace a list\n" + SEND.format("TRACED"))
    todo_notebook.run(SEND.format("AFTER"))

    assert outcome.error is None
    title, picture = outcome.shown
    assert title == "a list"
    assert [line.split(" in ")[0] for line in picture.splitlines()] == [
        "command TodoListCreateCommand → TodoListAggregate.create replied",
        "  event TodoListCreatedEvent by TodoListAggregate",
        "    consumed by TodoListProjector.created done",
    ]
    assert outcome.html[1].count("<svg") == 1
    assert "<b>" not in outcome.html[1]


BACKGROUND = """
import asyncio, itertools, threading

stop = threading.Event()
others = []

def keep_sending():
    for number in itertools.count():
        if stop.wait(0.002):
            return
        others.append(recq.send(TodoListCreateCommand(identifier=f"OTHER_{number}", name="Other")))

thread = threading.Thread(target=keep_sending)
thread.start()
"""
BY_EVERY_WAY = """%%recq_trace
import asyncio, threading

def one(way):
    return recq.send(TodoListCreateCommand(identifier=f"MINE_{way}", name="Mine"))

await one("await")
await asyncio.gather(one("gathered"), asyncio.to_thread(lambda: one("in a thread").result()))
own = threading.Thread(target=lambda: one("by a thread").result())
own.start()
own.join()
reply = await one("queried")
view = await recq.query(TodoListFindQuery(identifier="MINE_queried"), after=reply)
"""


def test_what_others_send_meanwhile_is_left_out_and_not_waited_for(todo_notebook: Notebook) -> None:
    todo_notebook.run(BACKGROUND)
    try:
        outcome = todo_notebook.run(BY_EVERY_WAY)
        sent_meanwhile = todo_notebook.run("len(others)").value
    finally:
        todo_notebook.run("stop.set(); thread.join()")

    assert outcome.error is None
    (picture,) = outcome.shown
    lines = picture.splitlines()
    assert sent_meanwhile
    assert len([line for line in lines if line.startswith("command TodoListCreateCommand")]) == 5
    assert len([line for line in lines if line.startswith("query TodoListFindQuery")]) == 1
    assert len([line for line in lines if "consumed by TodoListProjector.created done" in line]) == 5
    assert len(lines) == 5 * 3 + 1


def test_a_cell_that_fails_shows_its_picture_and_fails(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run("%%recq_trace\n" + SEND.format("ONE") + SEND.format("ONE"))

    assert outcome.error is not None
    assert "AggregateAlreadyInitializedError" in outcome.shown[0]


def test_a_refused_command_is_part_of_the_picture(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run(
        "%%recq_trace\nrecq.send(TodoListCreateCommand(identifier='T', name='')).result()\n",
    )

    assert isinstance(outcome.error, Rejection)
    assert "rejected (todo_list.name)" in outcome.shown[0]


def test_a_cell_that_sends_nothing_says_so(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run("%%recq_trace\n1 + 1")

    assert outcome.shown == ("recq: the cell sent no message; send one with recq.send(...).",)
    assert outcome.error is None


@pytest.mark.parametrize("cell", ["%%recq_trace", "%%recq_trace a title\n"])
def test_an_empty_cell_is_refused(todo_notebook: Notebook, cell: str) -> None:
    assert isinstance(todo_notebook.run(cell).error, MagicUsageError)
