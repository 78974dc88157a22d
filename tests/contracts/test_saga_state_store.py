"""What every store of saga states and their schedules promises."""

from __future__ import annotations

import asyncio

from recq_nb.ports.saga_state_store import SagaRecord
from recq_nb.ports.scheduled_command_store import ScheduledCommandRecord
from tests.contracts.adapters import OpenStores, Stores


def saga(saga_id: str, saga_name: str = "OrderSaga", state: str = "{}", **associations: str) -> SagaRecord:
    return SagaRecord(saga_id, saga_name, state, associations)


def saved(stores: Stores, *records: SagaRecord) -> None:
    transaction = stores.consumer_states.begin("OrderSaga")
    for record in records:
        transaction.saga_states().save(record)
    transaction.commit()


def found(stores: Stores, association_property: str, value: str, saga_name: str = "OrderSaga") -> SagaRecord | None:
    transaction = stores.consumer_states.begin("OrderSaga")
    try:
        return transaction.saga_states().find(saga_name, association_property, value)
    finally:
        transaction.rollback()


def test_an_instance_is_found_by_each_of_its_associations(stores: Stores) -> None:
    record = saga("1", state='{"step": "it\'s 🦆"}', order="A", payment="it's")
    saved(stores, record)

    assert found(stores, "order", "A") == record
    assert found(stores, "payment", "it's") == record
    assert found(stores, "order", "it's") is None
    assert found(stores, "customer", "A") is None
    assert found(stores, "order", "A", "OtherSaga") is None


def test_the_oldest_of_several_instances_is_found(stores: Stores) -> None:
    saved(stores, saga("2", order="A"), saga("1", order="A"))

    assert found(stores, "order", "A") == saga("1", order="A")


def test_saving_replaces_state_and_associations(stores: Stores) -> None:
    saved(stores, saga("1", order="A"))
    saved(stores, saga("1", state='{"step": 2}', order="B"))

    assert found(stores, "order", "A") is None
    assert found(stores, "order", "B") == saga("1", state='{"step": 2}', order="B")


def test_a_transaction_sees_its_own_saves_and_others_do_not(stores: Stores) -> None:
    transaction = stores.consumer_states.begin("OrderSaga")
    transaction.saga_states().save(saga("1", order="A"))

    own = transaction.saga_states().find("OrderSaga", "order", "A")
    others = found(stores, "order", "A")
    transaction.rollback()

    assert (own, others, found(stores, "order", "A")) == (saga("1", order="A"), None, None)


def test_a_deleted_instance_is_gone(stores: Stores) -> None:
    saved(stores, saga("1", order="A"), saga("2", order="B"))
    transaction = stores.consumer_states.begin("OrderSaga")
    transaction.saga_states().delete("1")
    transaction.commit()

    assert (found(stores, "order", "A"), found(stores, "order", "B")) == (None, saga("2", order="B"))


def test_a_durable_instance_is_there_when_it_is_opened_again(open_durable_stores: OpenStores) -> None:
    with open_durable_stores() as stores:
        saved(stores, saga("1", order="A"))

    with open_durable_stores() as stores:
        record = found(stores, "order", "A")

    assert record == saga("1", order="A")


# -- schedules ---------------------------------------------------------------------------------------------------------


def schedule(schedule_id: str, due_at: int, saga_id: str = "1") -> ScheduledCommandRecord:
    return ScheduledCommandRecord(
        schedule_id, saga_id, "OrderSaga", "CancelCommand", '{"id": "it\'s"}', '{"user":"ada"}', "flow", "event", due_at
    )


def scheduled(stores: Stores, *records: ScheduledCommandRecord) -> None:
    transaction = stores.consumer_states.begin("OrderSaga")
    for record in records:
        transaction.scheduled_commands().add(record)
    transaction.commit()


def due(stores: Stores, now: int) -> list[ScheduledCommandRecord]:
    return list(asyncio.run(stores.schedules.due(now)))


def test_what_is_due_comes_earliest_first(stores: Stores) -> None:
    records = [schedule("c", 30), schedule("a", 10), schedule("b", 20)]
    scheduled(stores, *records)

    assert [due(stores, now) for now in (9, 10, 25)] == [
        [],
        [schedule("a", 10)],
        [schedule("a", 10), schedule("b", 20)],
    ]
    assert asyncio.run(stores.schedules.next_due(10)) == 20
    assert asyncio.run(stores.schedules.next_due(30)) is None


def test_what_was_taken_back_or_has_fired_is_not_due(stores: Stores) -> None:
    scheduled(stores, *[schedule(name, 10) for name in ("a", "b")], *[schedule(name, 10, "2") for name in ("c", "d")])
    transaction = stores.consumer_states.begin("OrderSaga")
    transaction.scheduled_commands().cancel("a")
    transaction.scheduled_commands().cancel("never")
    transaction.scheduled_commands().cancel_all("2")
    transaction.commit()
    asyncio.run(stores.schedules.remove("b"))

    assert due(stores, 99) == []
    assert not asyncio.run(stores.schedules.is_scheduled("b"))


def test_a_schedule_belongs_to_the_transaction_that_made_it(stores: Stores) -> None:
    transaction = stores.consumer_states.begin("OrderSaga")
    transaction.scheduled_commands().add(schedule("a", 10))
    transaction.rollback()

    assert due(stores, 99) == []


def test_a_failure_is_noted_and_what_was_given_up_is_no_longer_due(stores: Stores) -> None:
    scheduled(stores, schedule("a", 10))

    asyncio.run(stores.schedules.note_failure("a", 1, "it's away", given_up=False))
    once = due(stores, 99)
    asyncio.run(stores.schedules.note_failure("a", 2, "no", given_up=True))

    assert once == [schedule("a", 10)._replace(attempts=1, last_error="it's away")]
    assert due(stores, 99) == []
    assert asyncio.run(stores.schedules.is_scheduled("a"))


def test_what_was_given_up_is_due_again_when_somebody_wants_it(stores: Stores) -> None:
    scheduled(stores, schedule("a", 10), schedule("b", 10))
    asyncio.run(stores.schedules.note_failure("a", 3, "no", given_up=True))

    wanted = [asyncio.run(stores.schedules.try_again(name)) for name in ("a", "b", "never")]

    assert wanted == [True, False, False]
    assert due(stores, 99) == [schedule("a", 10), schedule("b", 10)]
