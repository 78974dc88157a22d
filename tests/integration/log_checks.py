"""What must hold of every log of todo lists, whatever was done to make it."""

from __future__ import annotations

import json

from recq_nb import Session
from tests.domains import todo_list


def assert_the_log_is_sound(session: Session) -> None:
    """Sequence and versions have no gaps, no command has two events, and every prefix keeps the rules of the lists."""
    rows = session.sql(
        "SELECT sequence_number, aggregate_id, version, event_name, payload, command_id FROM recq.events "
        "ORDER BY sequence_number"
    ).rows()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert len({row[5] for row in rows}) == len(rows)
    versions: dict[str, int] = {}
    todos: dict[str, dict[str, bool]] = {}
    for _, aggregate_id, version, name, payload, _ in rows:
        identifier = str(aggregate_id)
        versions[identifier] = versions.get(identifier, 0) + 1
        assert version == versions[identifier]
        listed = todos.setdefault(identifier, {})
        todo = json.loads(str(payload)).get("todo_identifier")
        match name:
            case "TodoListTodoAddedEvent":
                assert todo not in listed
                listed[todo] = False
            case "TodoListTodoRemovedEvent":
                assert listed.pop(todo) is False
            case "TodoListTodoCheckedEvent":
                assert listed[todo] is False
                listed[todo] = True
            case _:
                assert name in {"TodoListCreatedEvent", "TodoListDeletedEvent"}
        assert len(listed) <= todo_list.MOST_TODOS


def rows_of_the_read_model(session: Session) -> list[tuple[object, ...]]:
    """The projected rows of both tables, in order."""
    lists = session.sql("SELECT * FROM todo_list_row ORDER BY identifier").rows()
    return lists + session.sql("SELECT * FROM todo_row ORDER BY list_identifier, identifier").rows()


def assert_the_read_model_agrees_with_the_log(session: Session) -> None:
    """Projecting the whole log afresh gives the same rows as having lived."""
    session.settled().result()
    lived = rows_of_the_read_model(session)
    session.replay("TodoListProjector")
    session.settled().result()
    assert rows_of_the_read_model(session) == lived
