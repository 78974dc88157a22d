"""What every system state store promises."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recq_nb.errors import ConcurrentAppendError
from recq_nb.ports.system_state_store import EventRecord, History, OutcomeRecord, StoredEvent, SystemStateStore
from tests.contracts.adapters import STORE_ADAPTERS, OpenStores, Stores

NASTY = [
    "it's",
    'say "hi"',
    "a b",
    "'; drop table recq.events; --",
    "ünïcødé 🦆",
    "nul\0nul",
    "line\nbreak",
    "\\",
    "%_",
    " ",
]


def event(aggregate_id: str, version: int, command_id: str = "", **changes: object) -> EventRecord:
    """An event of an aggregate; ids follow from its place unless given."""
    place = f"{aggregate_id}@{version}"
    record = EventRecord(
        event_id=f"event-{place}",
        event_name="SomethingDoneEvent",
        aggregate_id=aggregate_id,
        version=version,
        context="default",
        timestamp=1_893_456_000_123_456,
        payload='{"what": "it"}',
        metadata='{"user":"ada"}',
        correlation_id=f"flow-{place}",
        causation_id=f"cause-{place}",
        command_id=command_id or f"command-{place}",
        sender="SomeAggregate",
    )
    return record._replace(**changes)  # type: ignore[arg-type]  # the test names real fields


def numbered(records: Sequence[EventRecord], first: int = 1) -> list[StoredEvent]:
    return [StoredEvent(first + place, record) for place, record in enumerate(records)]


def test_an_empty_log_has_nothing(stores: Stores) -> None:
    async def look() -> tuple[object, ...]:
        return (
            stores.log.head,
            await stores.log.read(0, 10),
            await stores.log.load({"A": 0}),
            await stores.log.find_outcomes(["command"]),
        )

    assert asyncio.run(look()) == (0, [], {"A": History([])}, {})


@pytest.mark.parametrize("size", [1, 2, 8, 9, 500])
def test_a_batch_is_read_back_whole_and_in_order(stores: Stores, size: int) -> None:
    records = [event(f"A{n}", 1) for n in range(size)]

    first = asyncio.run(stores.log.append(records))

    assert first == 1
    assert stores.log.head == size
    assert list(asyncio.run(stores.log.read(0, size + 1))) == numbered(records)


def test_sequence_numbers_go_on_without_gaps(stores: Stores) -> None:
    async def append_three_times() -> list[int]:
        return [await stores.log.append([event(f"{batch}{n}", 1) for n in range(batch)]) for batch in (1, 20, 3)]

    assert asyncio.run(append_three_times()) == [1, 2, 22]
    assert [stored.sequence_number for stored in asyncio.run(stores.log.read(0, 100))] == list(range(1, 25))


@pytest.mark.parametrize(
    "batch",
    [
        [event("B", 1), event("A", 2)],
        [event("B", 1), event("A", 4)],
        [event("B", 1), event("A", 3), event("A", 3)],
        [event("B", 1), event("A", 3), event("A", 5)],
        [event("B", 1), event("A", 1)],
        [*(event(f"B{n}", 1) for n in range(20)), event("A", 2)],
    ],
    ids=[
        "a version taken",
        "a version ahead",
        "one version twice",
        "a gap inside the batch",
        "a first event",
        "a large batch",
    ],
)
def test_an_append_that_expects_another_version_stores_nothing(stores: Stores, batch: list[EventRecord]) -> None:
    history = [event("A", 1), event("A", 2)]
    outcome = OutcomeRecord("void", "flow", 5)

    async def attempt() -> ConcurrentAppendError:
        await stores.log.append(history)
        with pytest.raises(ConcurrentAppendError) as refused:
            await stores.log.append(batch, [outcome])
        return refused.value

    refused = asyncio.run(attempt())

    assert refused.aggregate_ids == ("A",)
    assert stores.log.head == 2
    assert list(asyncio.run(stores.log.read(0, 100))) == numbered(history)
    assert asyncio.run(stores.log.find_outcomes(["void", *(record.command_id for record in batch[:1])])) == {}


def test_after_a_refused_append_the_next_one_continues_the_log(stores: Stores) -> None:
    async def attempt() -> int:
        await stores.log.append([event("A", 1)])
        with pytest.raises(ConcurrentAppendError):
            await stores.log.append([event("B", 1), event("A", 1)])
        return await stores.log.append([event("B", 1), event("A", 2)])

    assert asyncio.run(attempt()) == 2
    expected = numbered([event("A", 1), event("B", 1), event("A", 2)])
    assert list(asyncio.run(stores.log.read(0, 100))) == expected


def test_one_batch_may_carry_several_versions_of_one_aggregate(stores: Stores) -> None:
    records = [event("A", version) for version in range(1, 13)]

    asyncio.run(stores.log.append(records))

    assert asyncio.run(stores.log.load({"A": 0})) == {"A": History(numbered(records))}


@pytest.mark.parametrize("others", [[], ["B"], ["B", "C", "never"]], ids=["one", "two", "many"])
def test_histories_are_loaded_after_a_version(stores: Stores, others: list[str]) -> None:
    records = [event(name, version) for version in (1, 2, 3) for name in ("A", "B", "C")]

    async def load() -> object:
        await stores.log.append(records)
        return await stores.log.load({"A": 2, **dict.fromkeys(others, 0)})

    of = {
        name: History([stored for stored in numbered(records) if stored.record.aggregate_id == name]) for name in "BC"
    }
    expected = {"A": History([StoredEvent(7, event("A", 3))])}
    assert asyncio.run(load()) == expected | {name: of.get(name, History([])) for name in others}


@pytest.mark.parametrize("others", [[], ["B", "C", "never"]], ids=["one", "many"])
def test_a_history_without_envelopes_is_still_whole_in_all_that_state_is_made_of(
    stores: Stores, others: list[str]
) -> None:
    records = [event(name, version, context=f"of {name}") for version in (1, 2, 3) for name in ("A", "B", "C")]

    async def load(*, envelopes: bool) -> dict[str, list[tuple[object, ...]]]:
        histories = await stores.log.load({"A": 1, **dict.fromkeys(others, 0)}, envelopes=envelopes)
        return {
            name: [
                (number, one.event_name, one.aggregate_id, one.version, one.context, one.timestamp, one.payload)
                for number, one in history.events
            ]
            for name, history in histories.items()
        }

    asyncio.run(stores.log.append(records))

    assert asyncio.run(load(envelopes=False)) == asyncio.run(load(envelopes=True))
    bare = asyncio.run(stores.log.load({"A": 1}, envelopes=False))["A"].events
    assert all(isinstance(json.loads(stored.record.metadata), dict) for stored in bare)


def test_service_events_belong_to_no_history(stores: Stores) -> None:
    records = [event("account", 0, f"c{n}") for n in range(3)]

    async def load() -> object:
        await stores.log.append(records)
        return await stores.log.load({"account": 0}), await stores.log.load({"account": 0, "x": 0, "y": 0})

    nothing = History([])
    assert asyncio.run(load()) == ({"account": nothing}, {"account": nothing, "x": nothing, "y": nothing})
    assert len(asyncio.run(stores.log.read(0, 10))) == 3


@pytest.mark.parametrize(
    ("after", "limit", "expected"),
    [(0, 3, [1, 2, 3]), (3, 3, [4, 5, 6]), (8, 100, [9, 10]), (10, 5, []), (99, 5, [])],
)
def test_the_log_is_read_in_pages(stores: Stores, after: int, limit: int, expected: list[int]) -> None:
    asyncio.run(stores.log.append([event(f"A{n}", 1) for n in range(10)]))

    page = asyncio.run(stores.log.read(after, limit))

    assert [stored.sequence_number for stored in page] == expected


def test_outcomes_are_found_by_command_id(stores: Stores) -> None:
    done = event("A", 1, "created")
    nothing_to_tell = OutcomeRecord("void", "flow-1", 1_893_456_000_000_001)
    refused = OutcomeRecord("refused", "flow-2", 1_893_456_000_000_002, "todo_list.full", "no room, it's full")

    async def look() -> object:
        await stores.log.append([done], [nothing_to_tell, refused])
        return await stores.log.find_outcomes(["created", "void", "refused", "unknown"])

    assert asyncio.run(look()) == {"created": StoredEvent(1, done), "void": nothing_to_tell, "refused": refused}


def test_outcomes_are_stored_without_events_too(stores: Stores) -> None:
    outcome = OutcomeRecord("void", "flow", 7)

    asyncio.run(stores.log.append([], [outcome]))

    assert stores.log.head == 0
    assert asyncio.run(stores.log.find_outcomes(["void"])) == {"void": outcome}


def test_the_first_outcome_of_a_command_stays(stores: Stores) -> None:
    first, second = OutcomeRecord("void", "flow", 7), OutcomeRecord("void", "flow", 8, "too.late", "no")

    async def look() -> object:
        await stores.log.append([], [first])
        await stores.log.append([], [second])
        return await stores.log.find_outcomes(["void"])

    assert asyncio.run(look()) == {"void": first}


def test_many_aggregates_go_on_in_one_batch(stores: Stores) -> None:
    async def append(version: int) -> int:
        return await stores.log.append([event(f"A{n}", version) for n in range(10)])

    async def append_three_times() -> list[int]:
        return [await append(version) for version in (1, 2, 3)]

    assert asyncio.run(append_three_times()) == [1, 11, 21]


def test_an_aggregate_with_events_is_never_called_unknown(stores: Stores) -> None:
    names = [f"A{n}" for n in range(8)]

    asyncio.run(stores.log.append([event(name, 1) for name in names]))

    assert [name for name in names if stores.log.is_unknown(name)] == []


@pytest.mark.parametrize("size", [1, len(NASTY)], ids=["alone", "in a batch"])
def test_any_text_survives(stores: Stores, size: int) -> None:
    fields = [name for name in EventRecord._fields if name not in ("version", "timestamp", "aggregate_id")]
    records = [event(text, 1, **{name: f"{text}{name}" for name in fields}) for text in NASTY]
    outcomes = [OutcomeRecord(f"void {text}", text, 5, text, text) for text in NASTY]

    async def look() -> tuple[object, object, object]:
        for start in range(0, len(NASTY), size):
            await stores.log.append(records[start : start + size], outcomes[start : start + size])
        return (
            list(await stores.log.read(0, 100)),
            await stores.log.load(dict.fromkeys(NASTY, 0)),
            await stores.log.find_outcomes([outcome.command_id for outcome in outcomes]),
        )

    stored = numbered(records)
    assert asyncio.run(look()) == (
        stored,
        {one.record.aggregate_id: History([one]) for one in stored},
        {outcome.command_id: outcome for outcome in outcomes},
    )


def test_timestamps_keep_every_microsecond(stores: Stores) -> None:
    moments = [0, 1, -1, 1_893_456_000_999_999, -62_135_596_800_000_000, 253_402_300_799_999_999]
    records = [event(f"A{n}", 1, timestamp=moment) for n, moment in enumerate([*moments, *moments])]
    outcomes = [OutcomeRecord(f"void{moment}", "flow", moment) for moment in moments]

    async def look() -> Sequence[StoredEvent]:
        await stores.log.append(records[:1])
        await stores.log.append(records[1:], outcomes)
        found = await stores.log.find_outcomes([outcome.command_id for outcome in outcomes])
        assert found == {outcome.command_id: outcome for outcome in outcomes}
        return await stores.log.read(0, 100)

    assert list(asyncio.run(look())) == numbered(records)


def test_what_is_appended_is_seen_by_every_read_that_starts_afterwards(stores: Stores) -> None:
    """Readers and the one writer run at once: each reader sees a gapless prefix, never shorter than promised."""

    async def write(log: SystemStateStore) -> None:
        for version in range(1, 41):
            await log.append([event("A", version), event("B", version)])

    async def read(log: SystemStateStore) -> None:
        while log.head < 80:
            promised = log.head
            stored = await log.read(0, 1_000)
            assert [one.sequence_number for one in stored] == list(range(1, len(stored) + 1))
            assert len(stored) >= promised
            loaded = (await log.load({"A": 0}))["A"].events
            assert [one.record.version for one in loaded] == list(range(1, len(loaded) + 1))
            assert len(loaded) >= promised // 2

    async def both() -> None:
        await asyncio.gather(write(stores.log), *(read(stores.log) for _ in range(3)))

    asyncio.run(both())


def test_a_durable_log_is_there_when_it_is_opened_again(open_durable_stores: OpenStores) -> None:
    records = [event(name, version) for version in (1, 2) for name in ("A", "B", "C", "D")]
    outcome = OutcomeRecord("void", "flow", 7)
    with open_durable_stores() as stores:
        asyncio.run(stores.log.append(records, [outcome]))

    with open_durable_stores() as stores:
        found = asyncio.run(stores.log.find_outcomes(["void", "command-A@2"]))
        with pytest.raises(ConcurrentAppendError):
            asyncio.run(stores.log.append([event("C", 2)]))
        first = asyncio.run(stores.log.append([event("C", 3)]))
        read = list(asyncio.run(stores.log.read(0, 100)))

    assert found == {"void": outcome, "command-A@2": StoredEvent(5, event("A", 2))}
    assert first == 9
    assert read == numbered([*records, event("C", 3)])


# -- against a model ---------------------------------------------------------------------------------------------------


@dataclass
class LogModel:
    """A log as a list: what all of the above amounts to."""

    events: list[EventRecord] = field(default_factory=list)

    def version(self, aggregate_id: str) -> int:
        return sum(1 for known in self.events if known.aggregate_id == aggregate_id and known.version)

    def append(self, batch: Sequence[EventRecord]) -> bool:
        trial = LogModel(list(self.events))
        for record in batch:
            if record.version and record.version != trial.version(record.aggregate_id) + 1:
                return False
            trial.events.append(record)
        self.events = trial.events
        return True


BATCHES = st.lists(
    st.lists(st.tuples(st.sampled_from("ABCDEFG"), st.integers(0, 4)), min_size=1, max_size=12), min_size=1, max_size=8
)


@pytest.mark.parametrize("name", STORE_ADAPTERS)
@settings(max_examples=25)
@given(batches=BATCHES)
def test_a_log_never_forks_whatever_is_appended(name: str, batches: list[list[tuple[str, int]]]) -> None:
    model = LogModel()
    with tempfile.TemporaryDirectory() as folder, STORE_ADAPTERS[name].open(Path(folder))() as stores:
        for place, batch in enumerate(batches):
            records = [event(who, version, f"c{place}.{n}") for n, (who, version) in enumerate(batch)]
            try:
                asyncio.run(stores.log.append(records))
                stored = True
            except ConcurrentAppendError:
                stored = False
            assert stored == model.append(records)
        assert list(asyncio.run(stores.log.read(0, 1_000))) == numbered(model.events)
        assert stores.log.head == len(model.events)
