"""What every consumer state store promises: read models and checkpoints change together, or not at all."""

from __future__ import annotations

import asyncio

import pytest

from recq_nb.errors import CapabilityError, ReadModelError
from recq_nb.modeling.read_model import Key, ReadModel, define_read_model
from recq_nb.ports.consumer_state_store import ConsumerState
from tests.contracts.adapters import OpenStores, Stores


class PersonRow(ReadModel):
    identifier: Key[str]
    age: int = 0


class PetRow(ReadModel):
    identifier: Key[str]


PEOPLE, PETS = define_read_model(PersonRow), define_read_model(PetRow)
AT_FIVE = ConsumerState("People_1_*", 5, "fingerprint")


def prepared(stores: Stores) -> Stores:
    """Stores in which the component People owns its table."""
    transaction = stores.consumer_states.begin("People")
    transaction.prepare([PEOPLE])
    transaction.commit(ConsumerState("People_1_*", 0, "fingerprint"))
    return stores


def people_in(stores: Stores) -> list[ReadModel]:
    reader = stores.consumer_states.reader()
    try:
        return reader.table(PEOPLE).where()
    finally:
        reader.close()


def states_in(stores: Stores) -> dict[str, ConsumerState]:
    return dict(asyncio.run(stores.consumer_states.load_states()))


# -- checkpoints -------------------------------------------------------------------------------------------------------


def test_a_new_store_knows_no_consumer(stores: Stores) -> None:
    assert states_in(stores) == {}
    assert asyncio.run(stores.consumer_states.load_completed("People_1_*")) == frozenset()
    assert list(asyncio.run(stores.consumer_states.dead_events("People_1_*"))) == []


def test_progress_is_saved_and_replaced(stores: Stores) -> None:
    async def save() -> None:
        await stores.consumer_states.save_state(AT_FIVE)
        await stores.consumer_states.save_state(ConsumerState("Pets_2_EU*", 7, "other", enabled=False))
        await stores.consumer_states.save_state(ConsumerState("People_1_*", 6, "newer"))

    asyncio.run(save())

    assert states_in(stores) == {
        "People_1_*": ConsumerState("People_1_*", 6, "newer"),
        "Pets_2_EU*": ConsumerState("Pets_2_EU*", 7, "other", enabled=False),
    }


def test_whose_a_consumer_is_is_kept_where_saving_does_not_say(stores: Stores) -> None:
    async def save() -> None:
        await stores.consumer_states.save_state(ConsumerState("A_1_1_*", 5, "old", component="A_1"))
        await stores.consumer_states.save_state(ConsumerState("A_1_1_*", 6, "new"))

    asyncio.run(save())

    assert states_in(stores) == {"A_1_1_*": ConsumerState("A_1_1_*", 6, "new", component="A_1")}


def test_a_forgotten_consumer_starts_afresh(stores: Stores) -> None:
    other = ConsumerState("Pets_1_*", 3, "fingerprint")

    async def forget() -> None:
        await stores.consumer_states.save_state(AT_FIVE)
        await stores.consumer_states.save_state(other)
        await stores.consumer_states.forget(["People_1_*", "never"])

    asyncio.run(forget())

    assert states_in(stores) == {"Pets_1_*": other}


def test_completed_events_are_kept_until_the_checkpoint_passes_them(stores: Stores) -> None:
    transaction = stores.consumer_states.begin("People")
    for sequence_number in (7, 9, 9, 12):
        transaction.complete("People_1_*", sequence_number)
    transaction.commit()
    before = asyncio.run(stores.consumer_states.load_completed("People_1_*"))

    asyncio.run(stores.consumer_states.save_state(ConsumerState("People_1_*", 9, "fingerprint")))

    after = asyncio.run(stores.consumer_states.load_completed("People_1_*"))
    assert (before, after) == (frozenset({7, 9, 12}), frozenset({12}))


# -- transactions ------------------------------------------------------------------------------------------------------


def test_rows_and_checkpoint_commit_together(stores: Stores) -> None:
    transaction = prepared(stores).consumer_states.begin("People")
    transaction.table(PEOPLE).upsert(PersonRow(identifier="ada", age=36))

    before = (people_in(stores), states_in(stores)["People_1_*"].checkpoint)
    transaction.commit(AT_FIVE)

    assert before == ([], 0)
    assert (people_in(stores), states_in(stores)) == ([PersonRow(identifier="ada", age=36)], {"People_1_*": AT_FIVE})


def test_a_rollback_forgets_rows_and_checkpoint(stores: Stores) -> None:
    transaction = prepared(stores).consumer_states.begin("People")
    transaction.table(PEOPLE).upsert(*[PersonRow(identifier=str(n)) for n in range(10)])
    transaction.flush()

    transaction.rollback()
    transaction.rollback()

    assert (people_in(stores), states_in(stores)["People_1_*"].checkpoint) == ([], 0)


def test_a_commit_that_fails_changes_nothing(stores: Stores) -> None:
    transaction = prepared(stores).consumer_states.begin("People")
    table = transaction.table(PEOPLE)
    table.upsert(PersonRow(identifier="ada"), PersonRow(identifier="bob", age=10**30))

    with pytest.raises(ReadModelError, match="a row of PersonRow cannot be stored") as failed:
        transaction.commit(AT_FIVE)
    transaction.rollback()

    assert failed.value.remedy
    assert (people_in(stores), states_in(stores)["People_1_*"].checkpoint) == ([], 0)


def test_what_cannot_be_written_fails_when_it_is_flushed(stores: Stores) -> None:
    transaction = prepared(stores).consumer_states.begin("People")
    transaction.table(PEOPLE).upsert(PersonRow(identifier="bob", age=10**30))

    with pytest.raises(ReadModelError):
        transaction.flush()
    transaction.rollback()

    assert people_in(stores) == []


def test_several_checkpoints_commit_at_once(stores: Stores) -> None:
    states = [ConsumerState(f"People_1_{context}", 4, "fingerprint") for context in ("EU*", "US*", "a_b_1_c")]

    stores.consumer_states.begin("People").commit(*states)

    assert states_in(stores) == {state.consumer_id: state for state in states}


# -- ownership ---------------------------------------------------------------------------------------------------------


def test_preparing_twice_keeps_the_rows(stores: Stores) -> None:
    transaction = prepared(stores).consumer_states.begin("People")
    transaction.table(PEOPLE).upsert(PersonRow(identifier="ada"))
    transaction.commit(AT_FIVE)

    prepared(stores)

    assert people_in(stores) == [PersonRow(identifier="ada")]


def test_a_reset_makes_all_tables_of_a_component_anew_and_no_others(stores: Stores) -> None:
    for component, definition, row in (
        ("People", PEOPLE, PersonRow(identifier="ada")),
        ("Pets", PETS, PetRow(identifier="rex")),
    ):
        transaction = stores.consumer_states.begin(component)
        transaction.prepare([definition])
        transaction.table(definition).upsert(row)
        transaction.commit()

    transaction = stores.consumer_states.begin("People")
    transaction.reset([PEOPLE])
    transaction.commit(AT_FIVE)

    reader = stores.consumer_states.reader()
    found = (reader.table(PEOPLE).where(), reader.table(PETS).where())
    reader.close()
    assert found == ([], [PetRow(identifier="rex")])


def test_a_reset_forgets_what_these_consumers_completed_and_nothing_of_others(stores: Stores) -> None:
    transaction = prepared(stores).consumer_states.begin("People")
    for consumer_id in ("People_1_*", "People_1_1_*"):
        transaction.complete(consumer_id, 7)
    transaction.commit()

    transaction = stores.consumer_states.begin("People")
    transaction.reset([PEOPLE], {"People_1_*"})
    transaction.commit()

    completed = [asyncio.run(stores.consumer_states.load_completed(one)) for one in ("People_1_*", "People_1_1_*")]
    assert completed == [frozenset(), frozenset({7})]


def test_a_reset_that_is_rolled_back_keeps_the_rows(stores: Stores) -> None:
    transaction = prepared(stores).consumer_states.begin("People")
    transaction.table(PEOPLE).upsert(PersonRow(identifier="ada"))
    transaction.commit(AT_FIVE)

    transaction = stores.consumer_states.begin("People")
    transaction.reset([PEOPLE])
    transaction.rollback()

    assert people_in(stores) == [PersonRow(identifier="ada")]


def test_the_table_of_a_component_that_is_gone_is_taken_over_empty(stores: Stores) -> None:
    transaction = prepared(stores).consumer_states.begin("People")
    transaction.table(PEOPLE).upsert(PersonRow(identifier="ada"))
    transaction.commit(AT_FIVE)

    transaction = stores.consumer_states.begin("Persons")
    transaction.prepare([PEOPLE])
    transaction.commit()

    assert people_in(stores) == []


# -- the reader's picture ----------------------------------------------------------------------------------------------


def test_a_picture_does_not_change_while_others_commit(stores: Stores) -> None:
    reader = prepared(stores).consumer_states.reader()
    before = reader.table(PEOPLE).count()

    transaction = stores.consumer_states.begin("People")
    transaction.table(PEOPLE).upsert(PersonRow(identifier="ada"))
    transaction.commit(AT_FIVE)

    after = (reader.table(PEOPLE).count(), reader.table(PEOPLE).get("ada"))
    reader.close()
    assert (before, after) == (0, (0, None))
    assert people_in(stores) == [PersonRow(identifier="ada")]


def test_a_picture_refuses_to_be_changed(stores: Stores) -> None:
    reader = prepared(stores).consumer_states.reader()
    table = reader.table(PEOPLE)

    for act in (
        lambda: table.upsert(PersonRow(identifier="ada")),
        lambda: table.update("ada", age=1),
        lambda: table.delete("ada"),
        table.clear,
    ):
        with pytest.raises(CapabilityError, match="queries never change state"):
            act()
    reader.close()


def test_a_table_that_does_not_exist_says_so(stores: Stores) -> None:
    reader = stores.consumer_states.reader()

    with pytest.raises(ReadModelError, match="there is no table person_row yet"):
        reader.table(PEOPLE).where()

    reader.close()


# -- durability --------------------------------------------------------------------------------------------------------


def test_rows_and_checkpoints_are_there_when_the_store_is_opened_again(open_durable_stores: OpenStores) -> None:
    with open_durable_stores() as stores:
        transaction = prepared(stores).consumer_states.begin("People")
        transaction.table(PEOPLE).upsert(PersonRow(identifier="ada", age=36))
        transaction.complete("People_1_*", 9)
        transaction.commit(AT_FIVE)
        lost = stores.consumer_states.begin("People")
        lost.table(PEOPLE).upsert(PersonRow(identifier="bob"))
        lost.flush()

    with open_durable_stores() as stores:
        found = (
            people_in(stores),
            states_in(stores),
            asyncio.run(stores.consumer_states.load_completed("People_1_*")),
        )

    assert found == ([PersonRow(identifier="ada", age=36)], {"People_1_*": AT_FIVE}, frozenset({9}))
