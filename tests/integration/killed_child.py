"""The process that is killed: sends commands 256 at a time and says which were confirmed, as soon as they are."""

from __future__ import annotations

import asyncio
import sys

from recq_nb import DomainCommand, RecqError, Session
from tests.domains import todo_list


def command_of(command_id: str) -> DomainCommand:
    """The command of an id ``LIST:STEP``: first create the list, then add a todo, remove it, add it, …"""
    identifier, step = command_id.rsplit(":", 1)
    if step == "0":
        return todo_list.TodoListCreateCommand(identifier=identifier, name="x")
    if int(step) % 2:
        return todo_list.TodoListAddTodoCommand(identifier=identifier, todo_identifier="TODO_1", content="milk")
    return todo_list.TodoListRemoveTodoCommand(identifier=identifier, todo_identifier="TODO_1")


async def send_for_ever(session: Session, round_: str) -> None:
    async def client(number: int) -> None:
        identifier = f"TDLS_{round_}_{number}"
        for step in range(1_000_000):
            command_id = f"{identifier}:{step}"
            print("sent", command_id, flush=True)
            command = command_of(command_id)
            try:
                reply = await session.send(command, command_id=command_id)
            except RecqError as error:
                print("failed", command_id, error, flush=True)
                raise
            print("confirmed", command_id, reply.sequence_number, flush=True)

    await asyncio.gather(*(client(number) for number in range(256)))


if __name__ == "__main__":
    input()  # until then the file belongs to the process before
    with Session(sys.argv[1]) as running:
        running.register(todo_list)
        asyncio.run(send_for_ever(running, sys.argv[2]))
