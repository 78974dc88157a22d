"""``%%recq_payload`` and ``%%recq_component`` in a real shell: a cell is Python as typed, plus a registration."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from IPython.core.completer import provisionalcompleter

from recq_nb import AggregateState, DomainCommand
from recq_nb.errors import (
    CapabilityError,
    ComponentDefinitionError,
    DuplicateHandlerError,
    MagicUsageError,
    PayloadDefinitionError,
    Rejection,
)
from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS, Notebook


def test_a_payload_cell_registers_its_payloads_and_says_so(notebook: Notebook) -> None:
    outcome = notebook.run(TODO_PAYLOADS)
    assert outcome.error is None
    assert set(notebook.session.bundle.payloads) == {
        "TodoListCreateCommand",
        "TodoListCreatedEvent",
        "TodoListView",
        "TodoListFindQuery",
    }
    assert outcome.shown == (
        (
            "recq: 4 new\n"
            "  name                   kind            change  content\n"
            "  TodoListCreateCommand  domain command  new     identifier: AggregateId, name: str\n"
            "  TodoListCreatedEvent   domain event    new     identifier: str, name: str\n"
            "  TodoListView           view            new     identifier: str, name: str\n"
            "  TodoListFindQuery      query           new     identifier: str; → TodoListView"
        ),
    )


def test_a_component_cell_registers_its_components_and_says_what_they_handle(notebook: Notebook) -> None:
    notebook.run(TODO_PAYLOADS)
    outcome = notebook.run(TODO_COMPONENTS)
    assert outcome.error is None
    assert set(notebook.session.bundle.components) == {"TodoListAggregate", "TodoListProjector", "TodoListProjection"}
    (shown,) = outcome.shown
    assert "TodoListCreateCommand → create (init) → TodoListCreatedEvent; TodoListCreatedEvent → created" in shown
    assert "TodoListFindQuery → find → TodoListView" in shown


def test_an_invoker_shows_how_to_call_it(notebook: Notebook) -> None:
    outcome = notebook.run(
        "%%recq_component\n@invoker\nclass Door:\n    @invocation_handler\n"
        "    async def enter(self, name: str, commands: CommandGateway, user: str) -> None: ...\n"
    )

    assert outcome.shown[0].endswith(" enter(name, user)")


def test_what_the_cells_define_runs(todo_notebook: Notebook) -> None:
    todo_notebook.run("reply = await recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Groceries'))")
    outcome = todo_notebook.run("(await recq.query(TodoListFindQuery(identifier='TDLS_1'), after=reply)).name")
    assert outcome.value == "Groceries"


def test_the_public_names_need_no_import(notebook: Notebook) -> None:
    assert notebook["DomainCommand"] is DomainCommand
    assert notebook["AggregateState"] is AggregateState


def test_an_error_in_the_cell_points_at_its_own_line(notebook: Notebook) -> None:
    outcome = notebook.run(
        "%%recq_payload\nclass SomeView(View):\n    name: str\n\ndef broken():\n    return 1 / 0\n\nbroken()\n"
    )
    assert isinstance(outcome.error, ZeroDivisionError)
    assert "----> 8 broken()" in outcome.printed
    assert "----> 6     return 1 / 0" in outcome.printed
    assert outcome.printed.count("ZeroDivisionError: division by zero") == 1
    assert "recq_nb" not in outcome.printed


def test_the_magic_line_reads_as_such_in_a_traceback_near_the_top(notebook: Notebook) -> None:
    outcome = notebook.run("%%recq_payload\n1 / 0\n")
    assert "      1 # %%recq_payload\n----> 2 1 / 0" in outcome.printed


def test_a_bug_in_a_handler_keeps_its_traceback_into_the_cell_that_defined_it(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run("await recq.send(TodoListCreateCommand(identifier='TDLS_1', name='bug'))")
    assert isinstance(outcome.error, ZeroDivisionError)
    assert '---> 10         raise ZeroDivisionError("a bug of the modeller")' in outcome.printed
    assert "raised by TodoListAggregate.create while handling TodoListCreateCommand" in outcome.printed


@pytest.mark.parametrize("how", ["await {}", "{}.result()"])
def test_a_rejection_is_shown_in_one_line_awaited_or_not(todo_notebook: Notebook, how: str) -> None:
    outcome = todo_notebook.run(how.format("recq.send(TodoListCreateCommand(identifier='TDLS_1', name=''))"))
    assert isinstance(outcome.error, Rejection)
    assert outcome.printed.splitlines()[0] == "Rejection: [todo_list.name] a list needs a name"
    assert "Traceback" not in outcome.printed


def test_a_syntax_error_is_on_the_line_that_has_it(notebook: Notebook) -> None:
    outcome = notebook.run("%%recq_payload\nclass SomeView(View):\n    name: = str\n")
    assert isinstance(outcome.error, SyntaxError)
    assert outcome.error.lineno == 3
    assert "line 3" in outcome.printed


def test_the_source_of_a_method_can_be_read_back(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run("import inspect; inspect.getsource(TodoListAggregate.created)")
    assert outcome.value == (
        "    @event_sourcing_handler\n"
        "    def created(self, event: TodoListCreatedEvent) -> TodoListState:\n"
        "        return TodoListState()\n"
    )


def test_a_cell_may_await_and_its_last_expression_is_displayed(notebook: Notebook) -> None:
    outcome = notebook.run(
        "%%recq_payload\nimport asyncio\nclass SomeView(View):\n    name: str\nawait asyncio.sleep(0, result='done')\n"
    )
    assert outcome.value == "done"
    assert "'done'" in outcome.printed
    assert "SomeView" in outcome.shown[0]


def test_a_semicolon_silences_the_last_expression(notebook: Notebook) -> None:
    outcome = notebook.run("%%recq_payload\nclass SomeView(View):\n    name: str\n'quiet';\n")
    assert outcome.error is None
    assert "quiet" not in outcome.printed


def test_a_future_import_may_open_the_cell(notebook: Notebook) -> None:
    outcome = notebook.run("%%recq_payload\nfrom __future__ import annotations\nclass SomeView(View):\n    name: str\n")
    assert outcome.error is None
    assert "SomeView" in notebook.session.bundle.payloads


def test_helper_classes_stay_plain_classes(notebook: Notebook) -> None:
    outcome = notebook.run(
        "%%recq_payload\n"
        "from enum import Enum\n"
        "from pydantic import BaseModel\n"
        "class Colour(Enum):\n    RED = 'red'\n"
        "class Inner(BaseModel):\n    colour: Colour\n"
        "class SomeState(AggregateState):\n    pass\n"
        "class SomeView(View):\n    inner: list[Inner]\n"
    )
    assert outcome.error is None
    assert set(notebook.session.bundle.payloads) == {"SomeView"}
    assert "inner: list[Inner]" in outcome.shown[0]


def test_a_cell_registers_only_what_it_defines_itself(notebook: Notebook) -> None:
    notebook.run("class Earlier(View):\n    name: str\n")
    outcome = notebook.run(
        "%%recq_payload\nAlias = Earlier\nclass Gone(View): pass\ndel Gone\nclass Kept(View): pass\n"
    )
    assert outcome.error is None
    assert set(notebook.session.bundle.payloads) == {"Kept"}


def test_no_trace_of_the_running_cell_stays_in_the_namespace(todo_notebook: Notebook) -> None:
    todo_notebook.run("%%recq_payload\nclass SomeView(View): pass\nreturn\n")
    todo_notebook.run("%%recq_payload\nclass SomeView(View): pass\n1 / 0\n")
    todo_notebook.run("%%recq_payload\nclass SomeView(View): pass\n'value'\n")
    assert [name for name in todo_notebook.shell.user_ns if name.startswith("__recq")] == []


BROKEN_CELLS: dict[str, tuple[str, type[BaseException], str]] = {
    "a syntax error": ("class TodoListView(View):\n    name: = 1\n", SyntaxError, "invalid syntax"),
    "an exception of its own": ("class TodoListView(View):\n    name: int\n1 / 0\n", ZeroDivisionError, "division"),
    "code that does not compile": ("class TodoListView(View):\n    name: int\nreturn 1\n", SyntaxError, "line 4"),
    "a wrong annotation": (
        "class TodoListCreateCommand(DomainCommand):\n    identifier: AgregateId\n",
        PayloadDefinitionError,
        (
            "TodoListCreateCommand.identifier (line 3) mentions AgregateId, which is not defined.\n"
            "  → Did you mean AggregateId?"
        ),
    ),
    "a wrong annotation of a handler": (
        (
            "class TodoListState(AggregateState): pass\n"
            "@aggregate\nclass TodoListAggregate:\n    @aggregate_command_handler\n"
            "    def create(self, command: TodoListCraeteCommand): ...\n"
        ),
        ComponentDefinitionError,
        (
            "TodoListAggregate.create (line 6) mentions TodoListCraeteCommand, which is not defined.\n"
            "  → Did you mean TodoListCreateCommand?"
        ),
    ),
    "two handlers for one command": (
        (
            "@aggregate\nclass Second:\n    @aggregate_command_handler(init=True)\n"
            "    def create(self, command: TodoListCreateCommand) -> TodoListCreatedEvent: ...\n"
        ),
        DuplicateHandlerError,
        "both handle TodoListCreateCommand",
    ),
    "a projector that asks for a command gateway": (
        (
            "@projector\nclass TodoListProjector:\n    @event_handler\n"
            "    def created(self, event: TodoListCreatedEvent, commands: CommandGateway) -> None: ...\n"
        ),
        CapabilityError,
        "projectors may not send commands",
    ),
    "a missing aggregate id": (
        "class TodoListCreateCommand(DomainCommand):\n    identifier: str\n",
        PayloadDefinitionError,
        "TodoListCreateCommand has no AggregateId field",
    ),
    "an unserialisable field": (
        "class Opaque: pass\nclass TodoListView(View):\n    name: str\n    inner: dict[str, Opaque]\n",
        PayloadDefinitionError,
        "TodoListView.inner (line 5) is declared as dict[str, Opaque], which cannot be written as JSON",
    ),
    "a field without a type": (
        "class TodoListView(View):\n    name = 'x'\n",
        PayloadDefinitionError,
        "TodoListView.name (line 3) has a value but no type",
    ),
    "a component without its decorator": (
        (
            "class TodoListAggregate:\n    @aggregate_command_handler(init=True)\n"
            "    def create(self, command: TodoListCreateCommand) -> TodoListCreatedEvent: ...\n"
        ),
        ComponentDefinitionError,
        "TodoListAggregate is neither a payload class, nor a component class",
    ),
    "one good class before a bad one": (
        "class Fine(View): pass\nclass TodoListCreateCommand(DomainCommand):\n    identifier: str\n",
        PayloadDefinitionError,
        "TodoListCreateCommand has no AggregateId field",
    ),
}


@pytest.mark.parametrize("flaw", BROKEN_CELLS)
def test_a_cell_with(todo_notebook: Notebook, flaw: str) -> None:
    body, error_type, message = BROKEN_CELLS[flaw]
    magic = "%%recq_component" if "@aggregate\n" in body or "_handler" in body else "%%recq_payload"
    bundle = todo_notebook.session.bundle
    classes = {name: value for name, value in todo_notebook.shell.user_ns.items() if isinstance(value, type)}

    outcome = todo_notebook.run(f"{magic}\n{body}", cell_id="payloads")

    assert type(outcome.error) is error_type
    assert message in outcome.printed
    assert outcome.shown == ()
    assert todo_notebook.session.bundle is bundle
    assert {name: value for name, value in todo_notebook.shell.user_ns.items() if isinstance(value, type)} == classes
    if error_type not in (SyntaxError, ZeroDivisionError):
        assert "Traceback" not in outcome.printed
        assert "→" in outcome.printed
    sent = todo_notebook.run("(await recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Groceries'))).event")
    assert sent.error is None


def test_fifty_runs_of_every_cell_leave_one_registration_and_no_thread(todo_notebook: Notebook) -> None:
    def run_all() -> None:
        assert todo_notebook.run(TODO_PAYLOADS, cell_id="payloads").error is None
        assert todo_notebook.run(TODO_COMPONENTS, cell_id="components").error is None

    def threads() -> dict[str, int]:
        names = Counter(thread.name.rpartition("_")[0] or thread.name for thread in threading.enumerate())
        return {name: count for name, count in names.items() if not name.endswith("-worker")}

    run_all()
    before = threads()
    consumers = todo_notebook.session.status().consumers
    for _ in range(50):
        run_all()
    bundle = todo_notebook.session.bundle
    assert (len(bundle.payloads), len(bundle.components)) == (4, 3)
    assert [consumer.consumer_id for consumer in todo_notebook.session.status().consumers] == [
        consumer.consumer_id for consumer in consumers
    ]
    assert threads() == before
    assert sum("-worker" in thread.name for thread in threading.enumerate()) <= 4  # a pool that does not grow
    todo_notebook.run("reply = await recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Groceries'))")
    outcome = todo_notebook.run("await recq.settled(); len(recq.sql('select * from todo_list_row').df())")
    assert outcome.value == 1


def test_a_cell_run_again_unchanged_says_so(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run(TODO_PAYLOADS, cell_id="payloads")
    assert outcome.shown[0].startswith("recq: 4 unchanged\n")


def test_a_changed_projector_is_replaced_and_its_read_model_rebuilt(todo_notebook: Notebook) -> None:
    todo_notebook.run("await recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Groceries'))")
    shouting = TODO_COMPONENTS.replace("name=event.name))\n", "name=event.name.upper()))\n", 1)

    outcome = todo_notebook.run(shouting, cell_id="components")

    assert "read model rebuilt from the log" in outcome.shown[0]
    names = todo_notebook.run("await recq.settled(); list(recq.sql('select name from todo_list_row').df()['name'])")
    assert names.value == ["GROCERIES"]


def test_what_was_deleted_from_a_cell_is_removed_when_it_runs_again(todo_notebook: Notebook) -> None:
    todo_notebook.run("%%recq_payload\nclass Extra(View): pass\nclass Other(View): pass\n", cell_id="extra")

    outcome = todo_notebook.run("%%recq_payload\nclass Other(View): pass\n", cell_id="extra")

    assert "Extra" not in todo_notebook.session.bundle.payloads
    assert "  Extra  view  removed" in outcome.shown[0]


def test_cells_without_an_id_replace_by_name_and_remove_nothing(notebook: Notebook) -> None:
    notebook.run("%%recq_payload\nclass One(View): pass\nclass Two(View): pass\n")
    notebook.run("%%recq_payload\nclass Two(View): pass\n")
    assert set(notebook.session.bundle.payloads) == {"One", "Two"}


def test_hostile_text_is_shown_as_text(notebook: Notebook) -> None:
    outcome = notebook.run(
        "%%recq_payload\n"
        "from typing import Literal\n"
        "class Hostile(View):\n"
        "    choice: Literal['<img src=x onerror=alert(1)>', '\"&'] = '\"&'\n"
        "    text: str = '<script>alert(1)</script>'\n"
        "    other: 'list[\"Hostile\"]' = []\n"
    )
    (html,) = outcome.html
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert(1)</script>" in outcome.shown[0]


USAGE_ERRORS = {
    "%%recq_payload\nclass Some: pass\n": "This %%recq_payload cell defines no payload.",
    "%%recq_payload\n": "This %%recq_payload cell defines no payload.",
    "%%recq_payload\nfrom recq_nb import View\n": "This %%recq_payload cell defines no payload.",
    "%%recq_payload twice\nclass Some(View): pass\n": "%%recq_payload takes no arguments, but got 'twice'.",
    "%%recq_component\nclass Some(View): pass\n": "This %%recq_component cell defines no component.",
    "%%recq_payload\n@invoker\nclass Some:\n    @invocation_handler\n    def run(self) -> None: ...\n": (
        "Some is a component, but the cell is a %%recq_payload cell."
    ),
}


@pytest.mark.parametrize("source", USAGE_ERRORS)
def test_a_cell_under_the_wrong_magic_says_which_to_use(notebook: Notebook, source: str) -> None:
    outcome = notebook.run(source)
    assert type(outcome.error) is MagicUsageError
    assert outcome.printed.startswith(f"MagicUsageError: {USAGE_ERRORS[source]}\n  → ")
    assert "Some" not in notebook


@pytest.mark.parametrize(
    "wrapping",
    [
        lambda cell: f"%%time\n{cell}",
        lambda cell: f"\n\n{cell}",
        lambda cell: f"get_ipython().run_cell_magic('recq_payload', '', {cell.partition(chr(10))[2]!r})",
        lambda cell: f"get_ipython().run_cell({cell!r}).raise_error()",
    ],
    ids=["under another magic", "after empty lines", "called as a function", "from another cell"],
)
def test_a_definition_cell_also_works(notebook: Notebook, wrapping: Callable[[str], str]) -> None:
    outcome = notebook.run(wrapping("%%recq_payload\nclass SomeView(View): pass\n"))
    assert outcome.error is None
    assert "SomeView" in notebook.session.bundle.payloads


def test_a_definition_cell_inside_another_keeps_both_apart(notebook: Notebook) -> None:
    inner = "%%recq_payload\nclass Inner(View): pass\n'inner value'\n"
    outcome = notebook.run(
        f"%%recq_payload\nclass Outer(View): pass\nget_ipython().run_cell({inner!r}).raise_error()\n'outer value'\n"
    )
    assert outcome.error is None
    assert "'inner value'" in outcome.printed
    assert "'outer value'" in outcome.printed
    assert set(notebook.session.bundle.payloads) == {"Inner", "Outer"}


def test_the_names_of_the_magics_complete(notebook: Notebook) -> None:
    with provisionalcompleter():
        found = {completion.text for completion in notebook.shell.Completer.completions("%%recq_", 7)}
    assert {"%%recq_payload", "%%recq_component", "%%recq_sql"} <= found
