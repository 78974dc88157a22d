"""Event search: the log by filter and rank, whatever text the filter holds, while the log grows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recq_nb import Session
from recq_nb.ports.event_search import EventFilter
from recq_nb.testing.clock import ManualClock, SequentialIds
from tests.domains import tally
from tests.domains.journal import JournalAggregate, JournalOpenCommand, JournalWriteCommand
from tests.domains.tally import TallyAddCommand, TallyOpenCommand

HOSTILE = ("' OR 1=1; --", '"; DROP TABLE recq.events; --', "$3", "{}", "%", "_", "\\", "🦆", "")
IDS = st.sampled_from(["T1", "T10", "t1", *HOSTILE[:-1]])


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(clock=ManualClock(), ids=SequentialIds()) as made:
        made.register(tally, JournalAggregate)
        yield made


def numbers(session: Session, chosen: EventFilter) -> list[int]:
    search = session.event_search()
    index = search.index(chosen)
    return [stored.sequence_number for stored in search.page(index, 0, len(index))]


@given(st.lists(st.tuples(IDS, st.sampled_from(HOSTILE)), max_size=12), IDS, st.sampled_from(HOSTILE))
@settings(max_examples=30, deadline=None)
def test_a_filter_finds_what_its_words_say_whatever_text_it_holds(
    written: list[tuple[str, str]], aggregate: str, text: str
) -> None:
    with Session() as session:
        session.register(JournalAggregate)
        for identifier in dict.fromkeys(identifier for identifier, _ in written):
            session.send(JournalOpenCommand(identifier=identifier)).result()
        for identifier, word in written:
            session.send(JournalWriteCommand(identifier=identifier, word=word)).result()
        log = session.event_search().after(0, 100)
        exact = any(stored.record.aggregate_id == aggregate for stored in log)

        found = numbers(session, EventFilter(aggregate=aggregate, text=text))

        assert found == [
            stored.sequence_number
            for stored in log
            if text.lower() in stored.record.payload.lower()
            and (
                stored.record.aggregate_id == aggregate
                if exact
                else aggregate.lower() in stored.record.aggregate_id.lower()
            )
        ]


def test_names_contexts_times_and_flows_filter_together(session: Session) -> None:
    clock = session._clock
    assert isinstance(clock, ManualClock)
    session.send(JournalOpenCommand(identifier="J")).result()
    clock.advance(60)
    second = session.send(JournalWriteCommand(identifier="J", word="a", region="US")).result()
    clock.advance(60)
    session.send(JournalWriteCommand(identifier="J", word="b", region="EU")).result()
    times = [stored.record.timestamp for stored in session.event_search().after(0, 3)]
    moment = datetime.fromtimestamp(times[1] / 1e6, UTC)

    assert numbers(session, EventFilter(names=("JournalWrittenEvent",))) == [2, 3]
    assert numbers(session, EventFilter(context="US")) == [2]
    assert numbers(session, EventFilter(since=moment)) == [2, 3]
    assert numbers(session, EventFilter(until=moment)) == [1]
    assert numbers(session, EventFilter(since=moment, until=moment + timedelta(seconds=1), context="US")) == [2]
    assert numbers(session, EventFilter(correlation_id=second.correlation_id)) == [2]
    assert session.event_search().facets() == (
        [("JournalOpenedEvent", 1), ("JournalWrittenEvent", 2)],
        [("EU", 1), ("US", 1), ("default", 1)],
    )


@pytest.mark.parametrize("chosen", [EventFilter(), EventFilter(names=("TallyAddedEvent",))])
def test_ranks_stay_as_the_log_grows(session: Session, chosen: EventFilter) -> None:
    session.send(TallyOpenCommand(identifier="T")).result()
    search = session.event_search()
    index = search.index(chosen)
    for amount in range(5):
        session.send(TallyAddCommand(identifier="T", amount=amount)).result()
    before = len(index)

    assert search.extend(index) == 5
    assert search.extend(index) == 0
    assert (len(index), index.head) == (before + 5, 6)
    assert [stored.sequence_number for stored in search.page(index, before, 2)] == [2, 3]
    assert [index.rank_of(number) for number in (2, 6)] == [before, before + 4]
    assert search.page(index, before + 5, 10) == []
    assert [one.sequence_number for one in search.page(index, before + 4, 10)] == [6]
