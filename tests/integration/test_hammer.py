"""Many threads and tasks on few and on many aggregates: nothing lost, nothing doubled, no rule broken."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recq_nb import DomainCommand, RecqError, Rejection, Session
from tests.domains import todo_list
from tests.integration.log_checks import assert_the_log_is_sound, assert_the_read_model_agrees_with_the_log

THREADS, TASKS = 20, 500


def any_command(chance: random.Random, lists: int) -> DomainCommand:
    identifier = f"TDLS_{chance.randrange(lists)}"
    todo = f"TODO_{chance.randrange(7)}"
    kind = chance.choices(["add", "remove", "check"], weights=[6, 3, 1])[0]
    if kind == "add":
        return todo_list.TodoListAddTodoCommand(identifier=identifier, todo_identifier=todo, content="milk")
    if kind == "remove":
        return todo_list.TodoListRemoveTodoCommand(identifier=identifier, todo_identifier=todo)
    return todo_list.TodoListCheckTodoCommand(identifier=identifier, todo_identifier=todo)


@pytest.mark.parametrize("lists", [2, 200])
@pytest.mark.parametrize("store", ["memory", "file"])
def test_threads_and_tasks_hammering_the_same_lists_leave_a_sound_log(tmp_path: Path, store: str, lists: int) -> None:
    path = "memory" if store == "memory" else tmp_path / "todo.duckdb"
    outcomes: Counter[str] = Counter()

    def by_thread(seed: int) -> list[str]:
        chance = random.Random(seed)
        return [asyncio.run(attempt(any_command(chance, lists))) for _ in range(25)]

    async def by_task(seed: int) -> list[str]:
        chance = random.Random(seed)
        return [await attempt(any_command(chance, lists)) for _ in range(4)]

    async def attempt(command: DomainCommand) -> str:
        try:
            await session.send(command)
        except Rejection:
            return "rejected"
        except RecqError as error:
            return type(error).__name__
        return "confirmed"

    async def all_tasks() -> list[list[str]]:
        return await asyncio.gather(*(by_task(1_000 + seed) for seed in range(TASKS)))

    with Session(path) as session:
        session.register(todo_list)
        for number in range(lists):
            session.send(todo_list.TodoListCreateCommand(identifier=f"TDLS_{number}", name="x")).result()
        with ThreadPoolExecutor(THREADS) as threads:
            running = [threads.submit(by_thread, seed) for seed in range(THREADS)]
            tasks = asyncio.run(all_tasks())
            for outcome in (*tasks, *(future.result() for future in running)):
                outcomes.update(outcome)

        assert set(outcomes) == {"confirmed", "rejected"}
        assert outcomes.total() == THREADS * 25 + TASKS * 4
        assert session.sql("SELECT count(*) FROM recq.events").rows() == [(outcomes["confirmed"] + lists,)]
        assert_the_log_is_sound(session)
        assert_the_read_model_agrees_with_the_log(session)


def test_a_query_after_a_reply_never_misses_its_own_write_in_a_thousand_tries() -> None:
    async def tries(session: Session) -> list[int]:
        seen = []
        for number in range(1_000):
            identifier = f"TDLS_{number}"
            reply = await session.send(todo_list.TodoListCreateCommand(identifier=identifier, name=str(number)))
            view = await session.query(todo_list.TodoListFindQuery(identifier=identifier), after=reply)
            seen.append(int(view.name))
        return seen

    with Session() as session:
        session.register(todo_list)
        assert asyncio.run(tries(session)) == list(range(1_000))
