"""Definitions replaced by name while the system runs: nothing twice, nothing lost, old events read by new classes."""

# Annotations are evaluated at once in this module, so that classes of one name can be defined again and again.

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from recq_nb import (
    DomainEvent,
    DuplicateHandlerError,
    Key,
    ReadModel,
    Session,
    Table,
    aggregate,
    aggregate_command_handler,
    command_handler,
    event_handler,
    projector,
    service,
)
from recq_nb.modeling.payload import ServiceCommand
from tests.domains import todo_list
from tests.integration.log_checks import rows_of_the_read_model


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as running:
        running.register(todo_list)
        yield running


def create(session: Session, identifier: str) -> None:
    session.send(todo_list.TodoListCreateCommand(identifier=identifier, name="Groceries")).result()


def test_fifty_registrations_leave_one_of_everything(session: Session) -> None:
    create(session, "TDLS_0")
    session.settled().result()
    before = {thread for thread in threading.enumerate() if "worker" not in thread.name and "reader" not in thread.name}

    for number in range(1, 51):
        session.register(todo_list)
        create(session, f"TDLS_{number}")
    session.settled().result()

    status = session.status()
    assert [consumer.consumer_id for consumer in status.consumers] == ["TodoListProjector_1_*"]
    assert status.components["aggregate"] == ("TodoListAggregate",)
    assert session.sql("SELECT count(*) FROM todo_list_row").rows() == [(51,)]
    after = {thread for thread in threading.enumerate() if "worker" not in thread.name and "reader" not in thread.name}
    assert after == before


def test_an_event_redefined_with_a_defaulted_field_reads_what_was_stored_before(session: Session) -> None:
    create(session, "TDLS_1")

    class TodoListCreatedEvent(DomainEvent):
        identifier: str
        name: str
        colour: str = "grey"

    class ColourRow(ReadModel):
        identifier: Key[str]
        colour: str

    @projector
    class ColourProjector:
        @event_handler
        def created(self, event: TodoListCreatedEvent, rows: Table[ColourRow]) -> None:
            rows.upsert(ColourRow(identifier=event.identifier, colour=event.colour))

    session.register(TodoListCreatedEvent, ColourProjector)
    session.settled().result()

    assert session.sql("SELECT * FROM colour_row").rows() == [("TDLS_1", "grey")]


def test_a_projector_with_other_source_is_rebuilt_from_the_log_and_one_with_the_same_is_not(session: Session) -> None:
    def projector_that(shouts: bool) -> type:  # noqa: FBT001  two versions of one class
        class LoudRow(ReadModel):
            identifier: Key[str]
            name: str

        if shouts:

            @projector
            class LoudProjector:
                @event_handler
                def created(self, event: todo_list.TodoListCreatedEvent, rows: Table[LoudRow]) -> None:
                    rows.upsert(LoudRow(identifier=event.identifier, name=event.name.upper()))

        else:

            @projector
            class LoudProjector:  # type: ignore[no-redef]
                @event_handler
                def created(self, event: todo_list.TodoListCreatedEvent, rows: Table[LoudRow]) -> None:
                    rows.upsert(LoudRow(identifier=event.identifier, name=event.name))

        return LoudProjector

    create(session, "TDLS_1")
    session.register(projector_that(shouts=False))
    again = session.register(projector_that(shouts=False)).entries[0]
    assert (again.change, again.rebuilt) == ("unchanged", False)

    changed = session.register(projector_that(shouts=True)).entries[0]
    session.settled().result()

    assert (changed.change, changed.rebuilt) == ("replaced", True)
    assert session.sql("SELECT name FROM loud_row").rows() == [("GROCERIES",)]


def test_a_registration_that_breaks_a_rule_changes_nothing(session: Session) -> None:
    before = session.bundle

    @aggregate
    class OtherAggregate:
        @aggregate_command_handler(init=True)
        def create(self, command: todo_list.TodoListCreateCommand) -> todo_list.TodoListCreatedEvent:
            return todo_list.TodoListCreatedEvent(identifier=command.identifier, name="other")

    with pytest.raises(DuplicateHandlerError):
        session.register(OtherAggregate)

    assert session.bundle is before
    create(session, "TDLS_1")


class HeldCommand(ServiceCommand):
    pass


def test_what_is_in_flight_finishes_on_the_code_it_started_with() -> None:
    entered, released = threading.Event(), threading.Event()
    done: list[str] = []

    def service_that(says: str, *, waits: bool) -> type:
        @service
        class HeldService:
            @command_handler
            def hold(self, _command: HeldCommand) -> None:
                if waits:
                    entered.set()
                    released.wait(30)
                done.append(says)

        return HeldService

    with Session() as session:
        session.register(service_that("old", waits=True))
        first = session.send(HeldCommand())
        entered.wait(30)
        session.register(service_that("new", waits=False))
        session.send(HeldCommand()).result()
        released.set()
        first.result()

    assert done == ["new", "old"]


def test_what_one_origin_no_longer_defines_is_gone(session: Session) -> None:
    session.register(todo_list.TodoListInvoker, todo_list.TodoListProjection, origin="cell")
    shown = session.register(todo_list.TodoListProjection, origin="cell")
    assert [(entry.name, entry.change) for entry in shown.entries] == [
        ("TodoListProjection", "unchanged"),
        ("TodoListInvoker", "removed"),
    ]


def test_registering_while_commands_are_sent_loses_none(session: Session) -> None:
    with ThreadPoolExecutor(2) as threads:
        registering = threads.submit(lambda: [session.register(todo_list) for _ in range(20)])
        for number in range(200):
            create(session, f"TDLS_{number}")
        registering.result()
    session.settled().result()
    assert len(rows_of_the_read_model(session)) == 200


def test_a_read_without_after_may_be_stale_and_the_lag_shows_it(session: Session) -> None:
    create(session, "TDLS_1")
    session.settled().result()
    session.pause("TodoListProjector")
    reply = session.send(
        todo_list.TodoListAddTodoCommand(identifier="TDLS_1", todo_identifier="TODO_1", content="milk")
    ).result()

    stale = session.query(todo_list.TodoListFindQuery(identifier="TDLS_1")).result()
    (consumer,) = session.status().consumers

    assert stale.todos == []
    assert (consumer.position, consumer.head, consumer.lag) == (1, 2, 1)
    session.resume("TodoListProjector")
    fresh = session.query(todo_list.TodoListFindQuery(identifier="TDLS_1"), after=reply).result()
    assert [todo.content for todo in fresh.todos] == ["milk"]
