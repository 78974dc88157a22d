"""Findings under a definition cell, and strict mode, in a real shell."""

from __future__ import annotations

import time

import pytest

from recq_nb import CommandGateway, ConfinementError, MagicUsageError, Session, event_handler, observer
from tests.domains import order_stock_payment as shop
from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS, Notebook

WARNED = "%%recq_payload\nclass OrderPlacedEvent(DomainEvent):\n    order: str\n    lines: list[str] = []\n"
UNCONFINED = """%%recq_component
@observer
class Forwarder:
    @event_handler
    async def created(self, event: TodoListCreatedEvent, commands: CommandGateway) -> None:
        await commands.send(made_elsewhere(event))
"""
CONFINED = UNCONFINED.replace("made_elsewhere(event)", "TodoListCreateCommand(identifier='C', name=event.name)")


def test_a_clean_cell_shows_no_finding_though_the_rest_of_the_model_is_still_to_come(notebook: Notebook) -> None:
    shown = [notebook.run(TODO_PAYLOADS, cell_id="p").shown, notebook.run(TODO_COMPONENTS, cell_id="c").shown]

    assert [len(outputs) for outputs in shown] == [1, 1]


GROWING = [
    """%%recq_payload
class OrderPlaceCommand(DomainCommand):
    order: AggregateId
class OrderPayCommand(DomainCommand):
    order: AggregateId
class OrderPlacedEvent(DomainEvent):
    order: str
class OrderPaidEvent(DomainEvent):
    order: str
class OrderView(View):
    order: str
class OrderFindQuery(Query[OrderView]):
    order: str
""",
    """%%recq_component
class OrderState(AggregateState):
    paid: bool = False

@aggregate
class Order:
    @aggregate_command_handler
    def pay(self, command: OrderPayCommand, state: OrderState) -> OrderPaidEvent:
        return OrderPaidEvent(order=command.order)

    @event_sourcing_handler
    def paid(self, event: OrderPaidEvent, state: OrderState) -> OrderState:
        return state.model_copy(update={"paid": True})
""",
    """%%recq_component
class PaymentState(SagaState): ...

@saga
class Payment:
    @saga_event_handler(association_property="order")
    def paid(self, event: OrderPaidEvent, state: PaymentState) -> None: ...
""",
    """%%recq_component
class OrderRow(ReadModel):
    order: Key[str]

@projector
class OrderProjector:
    @event_handler
    def placed(self, event: OrderPlacedEvent, rows: Table[OrderRow]) -> None:
        rows.upsert(OrderRow(order=event.order))
""",
]


def test_a_model_that_is_built_cell_by_cell_is_not_nagged_about_what_is_still_to_come(notebook: Notebook) -> None:
    shown = [notebook.run(source, cell_id=str(place)).shown for place, source in enumerate(GROWING)]

    assert [len(outputs) for outputs in shown] == [1, 1, 1, 1]
    found = {line.split()[0] for line in notebook.run("%recq lint").shown[0].splitlines()[1:]}
    assert found == {"RECQ055", "RECQ062", "RECQ066", "RECQ080", "RECQ081"}


def test_a_finding_is_shown_under_its_cell_with_its_line_and_remedy(notebook: Notebook) -> None:
    report, findings = notebook.run(WARNED).shown

    assert "OrderPlacedEvent" in report
    _, row = findings.splitlines()
    assert row.split()[:2] == ["RECQ034", "warning"]
    assert ":4 " in row
    assert "→" in row


def test_only_the_findings_of_the_cell_itself_are_shown(notebook: Notebook) -> None:
    notebook.run(WARNED, cell_id="warned")

    assert len(notebook.run(TODO_PAYLOADS, cell_id="clean").shown) == 1


def test_a_suppressed_finding_is_not_shown(notebook: Notebook) -> None:
    assert len(notebook.run(WARNED.replace("= []", "= []  # recq: ignore[RECQ034]")).shown) == 1


def test_what_cannot_be_read_is_a_finding_and_in_strict_mode_refused(todo_notebook: Notebook) -> None:
    lenient = todo_notebook.run(UNCONFINED, cell_id="forwarder")
    todo_notebook.run("%recq strict on")
    strict = todo_notebook.run(UNCONFINED.replace("Forwarder", "Other"), cell_id="other")
    mended = todo_notebook.run(CONFINED, cell_id="forwarder")
    todo_notebook.run("%recq strict off")
    again = todo_notebook.run(UNCONFINED, cell_id="forwarder")

    assert lenient.error is None
    assert "RECQ010 warning" in lenient.shown[1]
    assert isinstance(strict.error, ConfinementError)
    assert "Strict mode refuses it (RECQ010)" in str(strict.error)
    assert strict.error.remedy is not None
    assert "Other" not in todo_notebook.session.bundle.components
    assert mended.error is None
    assert len(mended.shown) == 1
    assert again.error is None


def test_strict_mode_names_every_place_with_its_rule(todo_notebook: Notebook) -> None:
    todo_notebook.run("%recq strict on")
    twice = UNCONFINED + "        await recq.send(TodoListCreateCommand(identifier='C', name=event.name))\n"

    error = todo_notebook.run(twice).error

    assert isinstance(error, ConfinementError)
    assert error.rules == ("RECQ010", "RECQ014")
    first, second, third = error.problem.splitlines()
    assert first == "strict mode refuses 2 findings:"
    assert (":6" in second, second.endswith("(RECQ010)")) == (True, True)
    assert (":7" in third, third.endswith("(RECQ014)")) == (True, True)
    assert str(error.remedy).count("→") == 1


def test_strict_is_said_and_wrong_words_are_refused(notebook: Notebook) -> None:
    assert notebook.run("%recq strict").shown[0].startswith("recq: strict mode is off")
    assert notebook.run("%recq strict on").shown[0].startswith("recq: strict mode is on")
    assert isinstance(notebook.run("%recq strict perhaps").error, MagicUsageError)


def test_a_strict_session_keeps_its_strictness_in_another_store(todo_notebook: Notebook) -> None:
    todo_notebook.run("%recq strict on")
    todo_notebook.run("%recq store memory")

    assert todo_notebook.session.strict


@observer
class Poster:
    @event_handler
    async def placed(self, event: shop.OrderPlacedEvent, commands: CommandGateway) -> None:
        await commands.send(globals()["make"](event))


SHOP = (shop.Order, shop.Stock, shop.Account, shop.Checkout, shop.HoldExpiry)


def test_a_strict_session_refuses_all_of_a_registration_or_nothing() -> None:
    with Session(strict=True) as session:
        session.register(*SHOP)
        before = session.bundle
        with pytest.raises(ConfinementError, match="RECQ010"):
            session.register(shop.NotificationSendCommand, Poster)

        assert session.bundle is before


def test_reading_the_findings_of_one_cell_does_not_get_slow_with_the_model(todo_notebook: Notebook) -> None:
    session = todo_notebook.session
    session.register(*SHOP)
    session.lint("TodoListAggregate")
    started = time.thread_time()
    session.lint("TodoListAggregate")

    assert time.thread_time() - started < 0.5
