"""A reply as the last expression of a cell, in a real shell."""

from __future__ import annotations

from recq_nb.errors import NoHandlerError, Rejection
from recq_nb.magics.reply_display import report_of
from recq_nb.runtime.reply import PendingReply
from tests.integration.notebook_shell import Notebook

COMMAND = "TodoListCreateCommand(identifier='TDLS_1', name={name!r})"


def test_a_pending_reply_is_shown_as_pending(todo_notebook: Notebook) -> None:
    todo_notebook.shell.user_ns["waiting"] = PendingReply("TodoListCreateCommand")
    outcome = todo_notebook.run("waiting")
    assert outcome.shown == ("TodoListCreateCommand pending",)


def test_a_confirmed_reply_names_its_event_and_its_place_in_the_log(todo_notebook: Notebook) -> None:
    todo_notebook.run(f"reply = recq.send({COMMAND.format(name='Groceries')}); await reply")
    outcome = todo_notebook.run("reply")
    (shown,) = outcome.shown
    head, headings, row = shown.splitlines()
    assert head == "TodoListCreateCommand confirmed"
    assert headings.split("  ")[1].strip() == "event"
    content = ["identifier='TDLS_1',", "name='Groceries'"]
    assert row.split() == ["TodoListCreatedEvent", *content, "1", "TDLS_1", "1"]


def test_an_awaited_confirmation_is_shown_like_the_reply_it_came_with(todo_notebook: Notebook) -> None:
    todo_notebook.run(f"reply = recq.send({COMMAND.format(name='Groceries')}); await reply")

    awaited, reply = todo_notebook.run("await reply"), todo_notebook.run("reply")

    assert awaited.shown[0].splitlines()[0] == "confirmed"
    assert awaited.shown[0].splitlines()[1:] == reply.shown[0].splitlines()[1:]


def test_a_large_event_is_shown_cut_short(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run(f"await recq.send({COMMAND.format(name='x' * 100_000)})")

    assert len(outcome.shown[0]) < 1_000


def test_a_rejected_reply_shows_its_code_and_text_and_does_not_fail_the_cell(todo_notebook: Notebook) -> None:
    reply: PendingReply[object] = PendingReply("TodoListCreateCommand")
    reply.settle(None, Rejection("todo_list.name", "a list needs a name"))
    todo_notebook.shell.user_ns["reply"] = reply
    outcome = todo_notebook.run("reply")
    assert outcome.error is None
    assert outcome.shown == ("TodoListCreateCommand rejected\ntodo_list.name: a list needs a name",)


def test_an_answered_query_shows_its_view_as_a_table(todo_notebook: Notebook) -> None:
    todo_notebook.run(f"reply = await recq.send({COMMAND.format(name='<b>Groceries</b>')})")
    todo_notebook.run("answer = recq.query(TodoListFindQuery(identifier='TDLS_1'), after=reply); await answer")
    outcome = todo_notebook.run("answer")
    assert outcome.shown[0].splitlines()[0] == "TodoListFindQuery answered"
    assert "&lt;b&gt;Groceries&lt;/b&gt;" in outcome.html[0]
    assert "<b>Groceries</b>" not in outcome.html[0]


def test_what_came_of_a_pending_reply_replaces_it_where_it_stands(todo_notebook: Notebook) -> None:
    waiting: PendingReply[object] = PendingReply("TodoListCreateCommand")
    todo_notebook.shell.user_ns["waiting"] = waiting
    todo_notebook.run("waiting")

    waiting.settle(None, NoHandlerError("nobody handles it now"))

    assert repr(report_of(waiting)) == "TodoListCreateCommand failed\nNoHandlerError: nobody handles it now"


def test_a_list_of_many_views_is_cut_short(todo_notebook: Notebook) -> None:
    reply: PendingReply[object] = PendingReply("TodoListSearchQuery")
    todo_notebook.run("many = [TodoListView(identifier=f'TDLS_{n}', name='x') for n in range(25)]")
    reply.settle(todo_notebook["many"])

    lines = repr(report_of(reply)).splitlines()

    assert len(lines) == 1 + 1 + 20 + 1
    assert lines[-1] == "and 5 more"


def test_a_view_shows_the_views_it_holds_below_its_own_fields(todo_notebook: Notebook) -> None:
    todo_notebook.run(
        "from datetime import UTC, datetime\n"
        "class TodoView(View):\n    content: str\n\n"
        "class FullView(View):\n    name: str\n    owner: str | None\n    since: datetime\n    todos: list[TodoView]\n"
    )
    todo_notebook.run("since = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)")
    outcome = todo_notebook.run("FullView(name='Groceries', owner=None, since=since, todos=[TodoView(content='Milk')])")

    assert [line.split() for line in outcome.shown[0].splitlines()] == [
        ["FullView"],
        ["name", "owner", "since"],
        ["Groceries", "None", "2030-01-02", "03:04:05Z"],
        ["todos:"],
        ["content"],
        ["Milk"],
    ]
    assert [outcome.error, len(outcome.html)] == [None, 1]
