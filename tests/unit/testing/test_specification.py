"""Given/when/then for every kind of component, by the runtime's own rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recq_nb import AggregateDeletedError, AggregateNotInitializedError, TransientError
from recq_nb.testing import START, SpecificationFailure, specification
from recq_nb.testing.difference import Difference
from tests.domains import order_stock_payment as shop
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
