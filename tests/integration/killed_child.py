"""The process that is killed: sends commands 256 at a time and says which were confirmed, as soon as they are."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TextIO

from recq_nb import DomainCommand, RecqError, Session
from tests.domains import todo_list

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


def command_of(command_id: str) -> DomainCommand:
    """The command of an id ``LIST:STEP``: first create the list, then add a todo, remove it, add it, …"""
    identifier, step = command_id.rsplit(":", 1)
    if step == "0":
        return todo_list.TodoListCreateCommand(identifier=identifier, name="x")
    if int(step) % 2:
        return todo_list.TodoListAddTodoCommand(identifier=identifier, todo_identifier="TODO_1", content="milk")
    return todo_list.TodoListRemoveTodoCommand(identifier=identifier, todo_identifier="TODO_1")


def start(store: Path, round_: int) -> tuple[BaseProcess, TextIO]:
    """A child on a store, and what it says, line by line."""
    ours, theirs = _processes.Pipe(duplex=False)
    child = _processes.Process(target=_run, args=(store, round_, theirs), daemon=True)
    child.start()
    theirs.close()
    return child, os.fdopen(os.dup(ours.fileno()))


def _run(store: Path, round_: int, told: Connection) -> None:
    with os.fdopen(told.fileno(), "w", buffering=1, closefd=False) as says, Session(store) as running:
        running.register(todo_list)
        asyncio.run(_send_for_ever(running, round_, says))


async def _send_for_ever(session: Session, round_: int, says: TextIO) -> None:
    async def client(number: int) -> None:
        identifier = f"TDLS_{round_}_{number}"
        for step in range(1_000_000):
            command_id = f"{identifier}:{step}"
            says.write(f"sent {command_id}\n")
            command = command_of(command_id)
            try:
                reply = await session.send(command, command_id=command_id)
            except RecqError as error:
                says.write(f"failed {command_id} {error}\n")
                raise
            says.write(f"confirmed {command_id} {reply.sequence_number}\n")

    await asyncio.gather(*(client(number) for number in range(256)))
