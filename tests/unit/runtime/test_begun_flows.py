"""Begun flows: what code begins, by whatever thread or task, and nothing of what others begin meanwhile."""

from __future__ import annotations

import asyncio
import threading

from recq_nb.runtime.begun_flows import BegunFlows, note_begun


def test_a_scope_learns_what_is_begun_within_it_and_nothing_before_or_after() -> None:
    note_begun("before")
    with BegunFlows() as begun:
        note_begun("within")
    note_begun("after")

    assert begun.correlation_ids == ["within"]


def test_the_inner_scope_learns() -> None:
    with BegunFlows() as outer:
        with BegunFlows() as inner:
            note_begun("inner")
        note_begun("outer")

    assert (outer.correlation_ids, inner.correlation_ids) == (["outer"], ["inner"])


def test_a_thread_belongs_to_the_scope_it_was_started_in() -> None:
    go, gone = threading.Event(), threading.Event()

    def earlier() -> None:
        go.wait(10)
        note_begun("by an earlier thread")
        gone.set()

    before = threading.Thread(target=earlier)
    before.start()
    with BegunFlows() as begun:
        go.set()
        assert gone.wait(10)
        within = threading.Thread(target=note_begun, args=("by a thread of its own",))
        within.start()
        within.join()
    before.join()

    assert begun.correlation_ids == ["by a thread of its own"]


def test_a_task_belongs_to_the_scope_it_was_made_in() -> None:
    async def main() -> list[str]:
        async def begin(name: str, go: asyncio.Event) -> None:
            await go.wait()
            note_begun(name)

        go = asyncio.Event()
        before = asyncio.create_task(begin("by an earlier task", go))
        with BegunFlows() as begun:
            within = asyncio.create_task(begin("by a task of its own", go))
            go.set()
            await asyncio.gather(before, within)
        return begun.correlation_ids

    assert asyncio.run(main()) == ["by a task of its own"]
