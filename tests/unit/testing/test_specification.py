"""Given/when/then for every kind of component, by the runtime's own rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from recq_nb import (
    AggregateDeletedError,
    AggregateNotInitializedError,
    EventMessage,
    Key,
    ModelingError,
    ReadModel,
    Table,
    TransientError,
    event_handler,
    projector,
)
from recq_nb.testing import START, SpecificationFailure, scheduled, specification
from recq_nb.testing.difference import Difference
from tests.domains import order_stock_payment as shop
from tests.domains import reminders
from tests.domains import todo_list as todo

CREATED = todo.TodoListCreatedEvent(identifier="TDLS_1", name="Groceries")
ADDED = todo.TodoListTodoAddedEvent(identifier="TDLS_1", todo_identifier="milk", content="Milk")
ADD = todo.TodoListAddTodoCommand(identifier="TDLS_1", todo_identifier="milk", content="Milk")
ROW = todo.TodoListRow(
    identifier="TDLS_1", name="Groceries", created_by="ada", created_at=START, updated_by="ada", updated_at=START
)
PLACED = shop.OrderPlacedEvent(order_id="O1", item_id="I1", account_id="A1", units=2, price=9)
RESERVE = shop.StockReserveCommand(item_id="I1", order_id="O1", units=2)
CHARGE = shop.AccountChargeCommand(account_id="A1", order_id="O1", amount=9)
RESERVED = shop.StockReservedEvent(item_id="I1", order_id="O1", units=2)


def test_an_aggregate_decides_on_what_was_given_and_folds_its_event() -> None:
    story = specification(todo.TodoListAggregate).given(CREATED).when(ADD)

    story.then(ADDED).then_state(todo.TodoListState(todos={"milk": False}))


def test_a_rejection_is_compared_by_code_and_text() -> None:
    story = specification(todo.TodoListAggregate).given(CREATED, ADDED).when(ADD)

    story.then_rejected("todo.present").then_rejected("todo.present", "the list already has milk")


def test_the_life_cycle_of_an_aggregate_is_the_runtimes() -> None:
    deleted = todo.TodoListDeletedEvent(identifier="TDLS_1")

    specification(todo.TodoListAggregate).when(ADD).then_raises(AggregateNotInitializedError)
    specification(todo.TodoListAggregate).given(CREATED, deleted).when(ADD).then_raises(AggregateDeletedError)


def test_a_service_without_event_answers_with_nothing() -> None:
    outbox = shop.Outbox()

    story = specification(shop.NotificationService, injector={shop.Outbox: outbox}).when(
        shop.NotificationSendCommand(order_id="O1", text="confirmed")
    )

    story.then()
    assert outbox.sent == [("O1", "confirmed")]


def test_a_projector_fills_its_rows_from_given_events_and_their_metadata() -> None:
    story = specification(todo.TodoListProjector).given(CREATED, metadata={"user": "ada"})

    story.then_rows(todo.TodoListRow, [ROW]).then_rows(todo.TodoRow, [])


def test_a_projection_answers_from_given_rows_or_from_what_a_projector_made_of_events() -> None:
    item = todo.TodoListItemView(identifier="TDLS_1", name="Groceries")
    query = todo.TodoListSearchQuery(name_like="groc")

    specification(todo.TodoListProjection).given(ROW).when(query).then(item)
    specification(todo.TodoListProjection, todo.TodoListProjector).given(CREATED).when(query).then([item])


def test_a_saga_whose_commands_are_confirmed_goes_on() -> None:
    state = shop.CheckoutState(item_id="I1", associations={"order_id": "O1"})

    story = specification(shop.Checkout).given(PLACED)

    story.then_sent(RESERVE, CHARGE, shop.OrderConfirmCommand(order_id="O1")).then_state(state)


def test_a_saga_makes_up_for_what_was_rejected() -> None:
    story = specification(shop.Checkout).rejects(shop.AccountChargeCommand, "account.insufficient").when(PLACED)

    story.then_sent(
        RESERVE,
        CHARGE,
        shop.StockReleaseCommand(item_id="I1", order_id="O1"),
        shop.OrderRejectCommand(order_id="O1", reason="account.insufficient"),
    )


def test_an_outage_is_never_taken_for_a_rejection() -> None:
    story = specification(shop.Checkout).fails(shop.AccountChargeCommand).when(PLACED)

    story.then_sent(RESERVE, CHARGE).then_raises(TransientError)


def test_a_saga_schedules_and_its_end_takes_that_back() -> None:
    expire = shop.OrderRejectCommand(order_id="O1", reason="hold.expired")

    started = specification(shop.HoldExpiry).given(RESERVED)

    started.then_scheduled(expire, after=shop.HOLD)
    started.when(shop.OrderConfirmedEvent(order_id="O1")).then_ended().then_scheduled().then_sent()


EXPIRE = shop.OrderRejectCommand(order_id="O1", reason="hold.expired")


def test_a_scheduled_command_is_sent_when_its_time_comes_and_only_then() -> None:
    reserved = specification(shop.HoldExpiry).given(RESERVED)

    reserved.when_time_passes(shop.HOLD).then_sent(EXPIRE).then_scheduled()
    reserved.when_time_passes(shop.HOLD - timedelta(microseconds=1)).then_sent()
    reserved.when(shop.OrderConfirmedEvent(order_id="O1")).then_ended()
    confirmed = reserved.given(shop.OrderConfirmedEvent(order_id="O1"))
    confirmed.when_time_passes(10 * shop.HOLD).then_sent()


def test_scheduled_commands_are_sent_at_their_own_moments_and_once() -> None:
    first = reminders.BookedEvent(name="ada", seconds=60)
    story = specification(reminders.Stay).given(first)

    later = story.given_time_passed(timedelta(seconds=30)).given(reminders.BookedEvent(name="bob", seconds=10))

    later.when_time_passes(timedelta(seconds=30)).then_sent(
        reminders.RemindCommand(name="bob"), reminders.RemindCommand(name="ada")
    )
    later.given_time_passed(timedelta(seconds=30)).when_time_passes(timedelta(days=1)).then_sent()
    later.then_scheduled(
        scheduled(reminders.RemindCommand(name="bob"), after=timedelta(seconds=10)),
        scheduled(reminders.RemindCommand(name="ada"), after=timedelta(seconds=30)),
    )


def test_a_scheduled_command_that_is_rejected_is_done_with_and_one_that_fails_is_told() -> None:
    reserved = specification(shop.HoldExpiry).given(RESERVED)

    rejected = reserved.rejects(shop.OrderRejectCommand, "order.decided")
    rejected.when_time_passes(shop.HOLD).then_sent(EXPIRE)
    rejected.given_time_passed(shop.HOLD).when_time_passes(shop.HOLD).then_sent()
    reserved.fails(shop.OrderRejectCommand).when_time_passes(shop.HOLD).then_raises(TransientError)


def test_a_story_with_time_has_one_when_and_no_way_back() -> None:
    reserved = specification(shop.HoldExpiry).given(RESERVED)

    with pytest.raises(ModelingError, match="one when"):
        reserved.when_time_passes(shop.HOLD).when_time_passes(shop.HOLD)
    with pytest.raises(ModelingError, match="backwards"):
        reserved.given_time_passed(-shop.HOLD)
    with pytest.raises(SpecificationFailure, match=r"HoldExpiry, given 0:00:01 of time, sends commands that differ"):
        reserved.when_time_passes(shop.HOLD).then_sent()


class OwnerRow(ReadModel):
    aggregate_id: Key[str]


@projector
class Owners:
    @event_handler
    def created(self, _event: todo.TodoListCreatedEvent, message: EventMessage, rows: Table[OwnerRow]) -> None:
        rows.upsert(OwnerRow(aggregate_id=message.aggregate_id))


def test_given_events_are_of_the_aggregate_they_are_said_to_be_of() -> None:
    seen = specification(Owners)

    seen.given(CREATED).then_rows(OwnerRow, [OwnerRow(aggregate_id="aggregate")])
    seen.given(CREATED, aggregate_id="T7").when(CREATED, aggregate_id="T8").then_rows(
        OwnerRow, [OwnerRow(aggregate_id="T7"), OwnerRow(aggregate_id="T8")]
    )
    with pytest.raises(ModelingError, match="only events"):
        specification(todo.TodoListAggregate).when(ADD, aggregate_id="T")


def test_an_aggregates_state_is_that_of_the_aggregate_in_question() -> None:
    story = specification(todo.TodoListAggregate).given(CREATED, ADDED, aggregate_id="TDLS_1")

    story.then_state(todo.TodoListState(todos={"milk": False}))
    story.given(CREATED, aggregate_id="TDLS_2").then_state(todo.TodoListState())
    story.when(ADD.model_copy(update={"todo_identifier": "bread"})).then_state(
        todo.TodoListState(todos={"milk": False, "bread": False})
    )


def test_an_observer_sends_for_the_event_in_question_only() -> None:
    story = specification(shop.OrderObserver).given(shop.OrderRejectedEvent(order_id="O0", reason="no"))

    story.when(shop.OrderConfirmedEvent(order_id="O1")).then_sent(
        shop.NotificationSendCommand(order_id="O1", text="confirmed")
    )


def test_a_failure_says_field_by_field_what_was_expected() -> None:
    story = specification(todo.TodoListAggregate).given(CREATED).when(ADD)

    with pytest.raises(SpecificationFailure) as caught:
        story.then(ADDED.model_copy(update={"content": "Bread"}))

    assert isinstance(caught.value, AssertionError)
    assert caught.value.differences == (
        Difference("[0].context", "'default'", "'default'", equal=True),
        Difference("[0].identifier", "'TDLS_1'", "'TDLS_1'", equal=True),
        Difference("[0].todo_identifier", "'milk'", "'milk'", equal=True),
        Difference("[0].content", "'Bread'", "'Milk'", equal=False),
    )
    assert "≠  [0].content" in str(caught.value)


def test_each_expectation_fails_where_the_model_does_something_else() -> None:
    story = specification(todo.TodoListAggregate).given(CREATED).when(ADD)
    saga = specification(shop.HoldExpiry).given(RESERVED)

    fails: tuple[Callable[[], object], ...] = (
        story.then,
        lambda: story.then_rejected("todo.present"),
        lambda: story.then_raises(TransientError),
        lambda: story.then_state(todo.TodoListState()),
        lambda: story.then_sent(shop.OrderConfirmCommand(order_id="O1")),
        lambda: specification(todo.TodoListProjector).given(CREATED).then_rows(todo.TodoListRow, []),
        saga.then_scheduled,
        saga.then_ended,
        lambda: specification(shop.HoldExpiry).given(PLACED).then_ended(),
    )
    for fail in fails:
        with pytest.raises(SpecificationFailure):
            fail()


def test_hostile_text_stays_text_in_the_html() -> None:
    hostile = "<script>alert(1)</script>"
    command = todo.TodoListCreateCommand(identifier="TDLS_1", name=hostile)

    with pytest.raises(SpecificationFailure) as caught:
        specification(todo.TodoListAggregate).when(command).then(CREATED)

    html = caught.value._repr_html_()
    assert hostile not in html
    assert "&lt;script&gt;" in html
