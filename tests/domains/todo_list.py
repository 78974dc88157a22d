"""The TodoList system of Evento's tutorial, as a plain module.

At most five todos a list, no todo twice; a checked todo is neither removed nor checked again; a list with a checked
todo is not deleted; the check that completes a list says so. The read model keeps who did what and when.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from recq_nb import (
    AggregateId,
    AggregateState,
    CommandGateway,
    DomainCommand,
    DomainEvent,
    EventMessage,
    Key,
    Metadata,
    Query,
    QueryGateway,
    ReadModel,
    Table,
    View,
    aggregate,
    aggregate_command_handler,
    event_handler,
    event_sourcing_handler,
    invocation_handler,
    invoker,
    projection,
    projector,
    query_handler,
    reject,
)

MOST_TODOS = 5
PAGE_SIZE = 15


class TodoListCreateCommand(DomainCommand):
    identifier: AggregateId
    name: str


class TodoListDeleteCommand(DomainCommand):
    identifier: AggregateId


class TodoListAddTodoCommand(DomainCommand):
    identifier: AggregateId
    todo_identifier: str
    content: str


class TodoListRemoveTodoCommand(DomainCommand):
    identifier: AggregateId
    todo_identifier: str


class TodoListCheckTodoCommand(DomainCommand):
    identifier: AggregateId
    todo_identifier: str


class TodoListCreatedEvent(DomainEvent):
    identifier: str
    name: str


class TodoListDeletedEvent(DomainEvent):
    identifier: str


class TodoListTodoAddedEvent(DomainEvent):
    identifier: str
    todo_identifier: str
    content: str


class TodoListTodoRemovedEvent(DomainEvent):
    identifier: str
    todo_identifier: str


class TodoListTodoCheckedEvent(DomainEvent):
    identifier: str
    todo_identifier: str
    all_checked: bool


class TodoView(View):
    identifier: str
    content: str
    created_by: str
    created_at: datetime
    completed: bool = False
    completed_by: str | None = None
    completed_at: datetime | None = None


class TodoListView(View):
    identifier: str
    name: str
    todos: list[TodoView]
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime


class TodoListItemView(View):
    identifier: str
    name: str


class TodoListFindQuery(Query[TodoListView]):
    identifier: str


class TodoListSearchQuery(Query[list[TodoListItemView]]):
    name_like: str = ""
    page: int = 0
    size: int = PAGE_SIZE


class TodoListState(AggregateState):
    """Todos by identifier, and whether each is checked."""

    todos: dict[str, bool] = Field(default_factory=dict)


@aggregate(snapshot_frequency=10)
class TodoListAggregate:
    @aggregate_command_handler(init=True)
    def create(self, command: TodoListCreateCommand) -> TodoListCreatedEvent:
        if not command.name.strip():
            reject("todo_list.name", "a list needs a name")
        return TodoListCreatedEvent(identifier=command.identifier, name=command.name)

    @aggregate_command_handler
    def delete(self, command: TodoListDeleteCommand, state: TodoListState) -> TodoListDeletedEvent:
        if any(state.todos.values()):
            reject("todo_list.checked", "a list with a checked todo cannot be deleted")
        return TodoListDeletedEvent(identifier=command.identifier)

    @aggregate_command_handler
    def add(self, command: TodoListAddTodoCommand, state: TodoListState) -> TodoListTodoAddedEvent:
        if not command.content.strip():
            reject("todo.content", "a todo needs some content")
        if command.todo_identifier in state.todos:
            reject("todo.present", f"the list already has {command.todo_identifier}")
        if len(state.todos) >= MOST_TODOS:
            reject("todo_list.full", f"a list has at most {MOST_TODOS} todos")
        return TodoListTodoAddedEvent(
            identifier=command.identifier, todo_identifier=command.todo_identifier, content=command.content
        )

    @aggregate_command_handler
    def remove(self, command: TodoListRemoveTodoCommand, state: TodoListState) -> TodoListTodoRemovedEvent:
        self._must_be_open(command.todo_identifier, state)
        return TodoListTodoRemovedEvent(identifier=command.identifier, todo_identifier=command.todo_identifier)

    @aggregate_command_handler
    def check(self, command: TodoListCheckTodoCommand, state: TodoListState) -> TodoListTodoCheckedEvent:
        self._must_be_open(command.todo_identifier, state)
        others = [checked for todo, checked in state.todos.items() if todo != command.todo_identifier]
        return TodoListTodoCheckedEvent(
            identifier=command.identifier, todo_identifier=command.todo_identifier, all_checked=all(others)
        )

    @staticmethod
    def _must_be_open(todo_identifier: str, state: TodoListState) -> None:
        if todo_identifier not in state.todos:
            reject("todo.absent", f"the list has no {todo_identifier}")
        if state.todos[todo_identifier]:
            reject("todo.checked", f"{todo_identifier} is checked")

    @event_sourcing_handler
    def created(self, event: TodoListCreatedEvent) -> TodoListState:
        return TodoListState()

    @event_sourcing_handler
    def deleted(self, event: TodoListDeletedEvent, state: TodoListState) -> None:
        state.deleted = True

    @event_sourcing_handler
    def added(self, event: TodoListTodoAddedEvent, state: TodoListState) -> TodoListState:
        return TodoListState(todos={**state.todos, event.todo_identifier: False})

    @event_sourcing_handler
    def removed(self, event: TodoListTodoRemovedEvent, state: TodoListState) -> None:
        del state.todos[event.todo_identifier]

    @event_sourcing_handler
    def checked(self, event: TodoListTodoCheckedEvent, state: TodoListState) -> None:
        state.todos[event.todo_identifier] = True


class TodoListRow(ReadModel):
    identifier: Key[str]
    name: str
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime


class TodoRow(ReadModel):
    list_identifier: Key[str]
    identifier: Key[str]
    content: str
    created_by: str
    created_at: datetime
    completed_by: str | None = None
    completed_at: datetime | None = None


def _user(message: EventMessage) -> str:
    return str(message.metadata.get("user", "nobody"))


@projector(version=1)
class TodoListProjector:
    @event_handler
    def created(self, event: TodoListCreatedEvent, rows: Table[TodoListRow], message: EventMessage) -> None:
        user, now = _user(message), message.timestamp
        rows.upsert(
            TodoListRow(
                identifier=event.identifier,
                name=event.name,
                created_by=user,
                created_at=now,
                updated_by=user,
                updated_at=now,
            )
        )

    @event_handler
    def deleted(self, event: TodoListDeletedEvent, rows: Table[TodoListRow], todos: Table[TodoRow]) -> None:
        rows.delete(event.identifier)
        for todo in todos.find(list_identifier=event.identifier):
            todos.delete(event.identifier, todo.identifier)

    @event_handler
    def added(
        self, event: TodoListTodoAddedEvent, rows: Table[TodoListRow], todos: Table[TodoRow], message: EventMessage
    ) -> None:
        self._touch(event.identifier, rows, message)
        todos.upsert(
            TodoRow(
                list_identifier=event.identifier,
                identifier=event.todo_identifier,
                content=event.content,
                created_by=_user(message),
                created_at=message.timestamp,
            )
        )

    @event_handler
    def removed(
        self, event: TodoListTodoRemovedEvent, rows: Table[TodoListRow], todos: Table[TodoRow], message: EventMessage
    ) -> None:
        self._touch(event.identifier, rows, message)
        todos.delete(event.identifier, event.todo_identifier)

    @event_handler
    def checked(
        self, event: TodoListTodoCheckedEvent, rows: Table[TodoListRow], todos: Table[TodoRow], message: EventMessage
    ) -> None:
        self._touch(event.identifier, rows, message)
        todos.update(
            event.identifier, event.todo_identifier, completed_by=_user(message), completed_at=message.timestamp
        )

    @staticmethod
    def _touch(identifier: str, rows: Table[TodoListRow], message: EventMessage) -> None:
        rows.update(identifier, updated_by=_user(message), updated_at=message.timestamp)


@projection
class TodoListProjection:
    @query_handler
    def find(self, query: TodoListFindQuery, rows: Table[TodoListRow], todos: Table[TodoRow]) -> TodoListView:
        row = rows.get(query.identifier)
        if row is None:
            raise LookupError(f"there is no list {query.identifier!r}")
        return TodoListView(
            **row.model_dump(),
            todos=[
                TodoView(**todo.model_dump(exclude={"list_identifier"}), completed=todo.completed_at is not None)
                for todo in todos.find(list_identifier=query.identifier)
            ],
        )

    @query_handler
    def search(self, query: TodoListSearchQuery, rows: Table[TodoListRow]) -> list[TodoListItemView]:
        found = rows.where(
            "contains(lower(name), lower($like))",
            like=query.name_like,
            limit=query.size,
            offset=query.page * query.size,
        )
        return [TodoListItemView(identifier=row.identifier, name=row.name) for row in found]


@invoker
class TodoListInvoker:
    """Mints identifiers; the next one is whatever the caller's counter says."""

    def __init__(self) -> None:
        self._minted = 0

    @invocation_handler
    async def create(self, name: str, commands: CommandGateway) -> str:
        self._minted += 1
        identifier = f"TDLS_{self._minted}"
        await commands.send(TodoListCreateCommand(identifier=identifier, name=name))
        return identifier

    @invocation_handler
    async def add(self, identifier: str, content: str, commands: CommandGateway) -> str:
        self._minted += 1
        todo = f"TODO_{self._minted}"
        await commands.send(TodoListAddTodoCommand(identifier=identifier, todo_identifier=todo, content=content))
        return todo

    @invocation_handler
    async def view(self, identifier: str, queries: QueryGateway) -> TodoListView:
        return await queries.query(TodoListFindQuery(identifier=identifier))


COMPONENTS: tuple[type, ...] = (TodoListAggregate, TodoListProjector, TodoListProjection, TodoListInvoker)


def metadata_of(user: str) -> Metadata:
    """What a command sent on behalf of somebody carries."""
    return Metadata({"user": user})
