"""What every dead event queue promises."""

from __future__ import annotations

import asyncio

from recq_nb.ports.consumer_state_store import ConsumerState
from recq_nb.ports.dead_event_queue import DeadEventRecord
from tests.contracts.adapters import OpenStores, Stores

CONSUMER = "People_1_*"


def dead(sequence_number: int, consumer_id: str = CONSUMER, attempts: int = 4) -> DeadEventRecord:
    return DeadEventRecord(
        consumer_id,
        sequence_number,
        "PersonBornEvent",
        "it's ada 🦆",
        "EU",
        "ValueError: it's bad",
        "Traceback …\nline two",
        attempts,
        1_893_456_000_123_456,
    )


def parked(stores: Stores, *records: DeadEventRecord) -> None:
    transaction = stores.consumer_states.begin("People")
    for record in records:
        transaction.dead_events().park(record)
    transaction.commit()


def queue_of(stores: Stores, consumer_id: str = CONSUMER) -> list[DeadEventRecord]:
    return list(asyncio.run(stores.consumer_states.dead_events(consumer_id)))


def test_parked_events_are_kept_whole_and_in_order_for_their_consumer(stores: Stores) -> None:
    parked(stores, dead(9), dead(2), dead(5, "Pets_1_*"))

    assert (queue_of(stores), queue_of(stores, "Pets_1_*")) == ([dead(2), dead(9)], [dead(5, "Pets_1_*")])


def test_an_event_is_parked_once_with_its_newest_record(stores: Stores) -> None:
    parked(stores, dead(2))
    parked(stores, dead(2, attempts=5))

    assert queue_of(stores) == [dead(2, attempts=5)]


def test_an_event_leaves_the_queue_with_the_transaction_that_handled_it(stores: Stores) -> None:
    parked(stores, dead(2), dead(9))
    transaction = stores.consumer_states.begin("People")
    transaction.dead_events().remove(CONSUMER, 2)

    before = queue_of(stores)
    transaction.commit()

    assert (before, queue_of(stores)) == ([dead(2), dead(9)], [dead(9)])


def test_parking_and_passing_over_happen_together_or_not_at_all(stores: Stores) -> None:
    transaction = stores.consumer_states.begin("People")
    transaction.dead_events().park(dead(2))
    transaction.rollback()
    nothing = (queue_of(stores), dict(asyncio.run(stores.consumer_states.load_states())))

    transaction = stores.consumer_states.begin("People")
    transaction.dead_events().park(dead(2))
    transaction.commit(ConsumerState(CONSUMER, 2, "fingerprint"))

    assert nothing == ([], {})
    assert queue_of(stores) == [dead(2)]
    assert asyncio.run(stores.consumer_states.load_states())[CONSUMER].checkpoint == 2


def test_a_durable_queue_is_there_when_it_is_opened_again(open_durable_stores: OpenStores) -> None:
    with open_durable_stores() as stores:
        parked(stores, dead(2))

    with open_durable_stores() as stores:
        found = queue_of(stores)

    assert found == [dead(2)]
