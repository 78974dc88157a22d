"""A real IPython shell, used the way a person uses a notebook: cell by cell; and the todo-list model as cells."""

from __future__ import annotations

from dataclasses import dataclass

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from recq_nb import Session

TODO_PAYLOADS = """%%recq_payload
class TodoListCreateCommand(DomainCommand):
    identifier: AggregateId
    name: str

class TodoListCreatedEvent(DomainEvent):
    identifier: str
    name: str

class TodoListView(View):
    identifier: str
    name: str

class TodoListFindQuery(Query[TodoListView]):
    identifier: str
"""

TODO_COMPONENTS = """%%recq_component
class TodoListState(AggregateState):
    pass

@aggregate
class TodoListAggregate:
    @aggregate_command_handler(init=True)
    def create(self, command: TodoListCreateCommand) -> TodoListCreatedEvent:
        if command.name == "bug":
            raise ZeroDivisionError("a bug of the modeller")
        if not command.name:
            reject("todo_list.name", "a list needs a name")
        return TodoListCreatedEvent(identifier=command.identifier, name=command.name)

    @event_sourcing_handler
    def created(self, event: TodoListCreatedEvent) -> TodoListState:
        return TodoListState()

class TodoListRow(ReadModel):
    identifier: Key[str]
    name: str

@projector
class TodoListProjector:
    @event_handler
    def created(self, event: TodoListCreatedEvent, rows: Table[TodoListRow]) -> None:
        rows.upsert(TodoListRow(identifier=event.identifier, name=event.name))

@projection
class TodoListProjection:
    @query_handler
    def find(self, query: TodoListFindQuery, rows: Table[TodoListRow]) -> TodoListView:
        row = rows.get(query.identifier)
        if row is None:
            reject("todo_list.unknown", "no such list")
        return TodoListView(identifier=row.identifier, name=row.name)
"""


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """What running one cell came to.

    Attributes:
        error: What made the cell fail, if it failed.
        printed: Everything in its output area that is text: prints, results and tracebacks.
        shown: The plain-text twins of what it displayed.
        html: The HTML of what it displayed.
        value: The value of its last expression.
    """

    error: BaseException | None
    printed: str
    shown: tuple[str, ...]
    html: tuple[str, ...]
    value: object


class Notebook:
    """A shell with cells.

    Attributes:
        shell: The real shell underneath.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    def run(self, source: str, *, cell_id: str | None = None) -> CellOutcome:
        """Run a cell; the id is what a notebook front end sends along."""
        parent = {"metadata": {} if cell_id is None else {"cellId": cell_id}}
        setattr(self.shell, "get_parent", lambda: parent)  # noqa: B010  what ipykernel's shells have, and plain ones lack
        with capture_output() as captured:
            result = self.shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]  # IPython's
        displayed = [output.data for output in captured.outputs]
        return CellOutcome(
            result.error_before_exec or result.error_in_exec,
            captured.stdout + captured.stderr,
            tuple(data["text/plain"] for data in displayed if "text/plain" in data),  # a live view has none
            tuple(data["text/html"] for data in displayed if "text/html" in data),
            result.result,
        )

    def __getitem__(self, name: str) -> object:
        return self.shell.user_ns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.shell.user_ns

    @property
    def session(self) -> Session:
        """The session bound to ``recq``."""
        bound = self.shell.user_ns["recq"]
        assert isinstance(bound, Session)
        return bound
