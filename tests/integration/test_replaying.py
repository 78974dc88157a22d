"""Replaying equals having lived: an aggregate decides the same whether its state was kept, rebuilt or a snapshot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recq_nb import AggregateError, DomainCommand, Rejection, Session, aggregate
from recq_nb.testing.clock import ManualClock, SequentialIds
from tests.domains import todo_list
from tests.domains.todo_list import (
    TodoListAddTodoCommand,
    TodoListAggregate,
    TodoListCheckTodoCommand,
    TodoListCreateCommand,
    TodoListDeleteCommand,
    TodoListRemoveTodoCommand,
)
from tests.integration.log_checks import assert_the_log_is_sound, assert_the_read_model_agrees_with_the_log

LISTS = st.sampled_from(["TDLS_1", "it's 🦆"])
TODOS = st.sampled_from([f"TODO_{n}" for n in range(7)])
CHANGES = st.one_of(
    st.builds(TodoListAddTodoCommand, identifier=LISTS, todo_identifier=TODOS, content=st.sampled_from(["milk", " "])),
    st.builds(TodoListRemoveTodoCommand, identifier=LISTS, todo_identifier=TODOS),
    st.builds(TodoListCheckTodoCommand, identifier=LISTS, todo_identifier=TODOS),
)
COMMANDS: st.SearchStrategy[list[DomainCommand]] = st.lists(
    CHANGES
    | st.builds(TodoListCreateCommand, identifier=LISTS, name=st.sampled_from(["Groceries", ""]))
    | st.builds(TodoListDeleteCommand, identifier=LISTS),
    max_size=12,
).flatmap(
    lambda middle: st.lists(CHANGES, max_size=25).map(
        lambda more: [TodoListCreateCommand(identifier="TDLS_1", name="x"), *more, *middle]
    )
)


def live(commands: list[DomainCommand], frequency: int | None, forgets_after: Callable[[int], bool]) -> list[object]:
    """Outcomes and log of a life in which the states in memory are lost now and then."""
    clock = ManualClock()
    outcomes: list[object] = []
    with Session(clock=clock, ids=SequentialIds()) as session:
        component = aggregate(snapshot_frequency=frequency)(type("TodoListAggregate", (TodoListAggregate,), {}))
        session.register(todo_list)
        session.register(component)
        for place, command in enumerate(commands):
            clock.advance(1)
            try:
                outcomes.append(session.send(command).result())
            except (Rejection, AggregateError) as refused:
                outcomes.append((type(refused).__name__, str(refused)))
            if forgets_after(place):
                session._runtime.engine.post(session._runtime._cache.clear)
        assert_the_log_is_sound(session)
        assert_the_read_model_agrees_with_the_log(session)
        return [*outcomes, *session.sql("from recq.events order by sequence_number").rows()]


@pytest.mark.parametrize("frequency", [None, 1, 3])
@settings(max_examples=12)
@given(commands=COMMANDS, seed=st.integers(1, 7))
def test_an_aggregate_decides_alike_however_its_state_was_made(
    frequency: int | None, commands: list[DomainCommand], seed: int
) -> None:
    lived = live(commands, None, lambda _: False)

    assert live(commands, frequency, lambda _: True) == lived
    assert live(commands, frequency, lambda place: place % (seed + 1) == 0) == lived
