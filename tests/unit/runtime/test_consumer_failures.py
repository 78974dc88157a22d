"""Events that fail: waited for, retried, parked, mended and handled again."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

from collections.abc import Callable

import pytest

from recq_nb import (
    RoutingError,
    Session,
    Table,
    TransientError,
    event_handler,
    observer,
    projector,
)
from recq_nb.errors import ConsumerError
from recq_nb.runtime.consumer_status import ConsumerHealth
from recq_nb.session.consumer_control import Redriven
from recq_nb.testing.clock import ManualClock
from tests.domains import tally, tally_poison
from tests.domains.tally import TallyAddedEvent, TallyOpenedEvent
from tests.domains.tally_poison import (
    POISON,
    SeenRow,
    Switch,
    add,
    dead,
    fail,
    opened,
    reading_observer,
    reading_projector,
    reading_saga,
)
from tests.waiting import HastyClock, pass_time, status_of, wait_for_health

KINDS = pytest.mark.parametrize("reader", [reading_projector, reading_saga, reading_observer])
Reader = Callable[..., type]


@KINDS
def test_a_poison_event_parks_after_its_retries_and_the_stream_flows_on(reader: Reader) -> None:
    clock, switch = HastyClock(), Switch(fail(ValueError("poison")))
    with opened(Session(clock=clock), reader(switch)) as session:
        add(session, 1, POISON, 2)
        session.settled().result()

        assert dead(session) == [(3, "ValueError: poison", 3)]
        assert (switch.tries, sorted(set(switch.seen))) == (3, [1, 2])
        status = status_of(session, "Reader")
        assert (status.lag, status.health, status.dead_events) == (0, ConsumerHealth.RUNNING, 1)
        assert status.last_error == "ValueError: poison"
        assert [round(seconds) for seconds in clock.slept] == [4, 8]


@KINDS
def test_without_retries_an_event_parks_at_once(reader: Reader) -> None:
    clock, switch = HastyClock(), Switch(fail(ValueError("poison")))
    with opened(Session(clock=clock), reader(switch, retry=0)) as session:
        add(session, POISON)
        session.settled().result()

        assert dead(session) == [(2, "ValueError: poison", 1)]
        assert clock.slept == []


@KINDS
def test_a_dead_event_tells_where_its_handler_failed(reader: Reader) -> None:
    with opened(Session(clock=HastyClock()), reader(Switch(fail(ValueError("poison"))))) as session:
        add(session, POISON)
        session.settled().result()

        (row,) = session.dead_events_df().to_dict("records")

    assert (row["consumer_id"], row["event_name"], row["aggregate_id"], row["context"]) == (
        "Reader_1_*",
        "TallyAddedEvent",
        "T",
        "default",
    )
    assert "in handler_fails" in row["traceback"]
    assert tally_poison.__file__ in row["traceback"]
    assert "ValueError: poison" in row["traceback"]
    assert "raised by Reader.added while handling TallyAddedEvent (event 2)" in row["traceback"]


@KINDS
def test_a_mended_handler_and_a_redrive_empty_the_queue(reader: Reader) -> None:
    with opened(Session(clock=HastyClock()), reader(Switch(fail(ValueError("poison"))))) as session:
        add(session, 1, POISON, 2, POISON)
        session.settled().result()
        assert len(dead(session)) == 2

        mended = Switch(lambda: None)
        session.register(reader(mended))
        session.settled().result()
        redriven = session.redrive("Reader")

        assert dead(session) == []
        assert status_of(session, "Reader").dead_events == 0
        assert mended.seen.count(POISON) == 2
        assert redriven == (Redriven("Reader_1_*", 3, ""), Redriven("Reader_1_*", 5, ""))


def test_a_projector_mended_in_its_source_handles_the_log_again_and_leaves_nothing_to_redrive() -> None:
    with opened(Session(clock=HastyClock()), reading_projector(Switch(fail(ValueError("poison"))))) as session:
        add(session, 1, POISON)
        session.settled().result()

        @projector
        class Reader:
            @event_handler
            def added(self, event: TallyAddedEvent, rows: Table[SeenRow]) -> None:
                rows.upsert(SeenRow(amount=event.amount))

        session.register(Reader)
        session.settled().result()

        assert (dead(session), session.redrive()) == ([], ())
        assert session.sql("SELECT amount FROM seen_row ORDER BY ALL").rows() == [(1,), (POISON,)]


@KINDS
def test_a_redrive_that_fails_keeps_the_event_and_says_why(reader: Reader) -> None:
    switch = Switch(fail(ValueError("poison")))
    with opened(Session(clock=HastyClock()), reader(switch, retry=0)) as session:
        add(session, POISON)
        session.settled().result()

        switch.fail = fail(LookupError("still poison"))
        (failed,) = session.redrive()

        assert failed == Redriven("Reader_1_*", 2, "LookupError: still poison")
        assert dead(session) == [(2, "LookupError: still poison", 2)]
        assert status_of(session, "Reader").dead_events == 1

        switch.fail = lambda: None
        (succeeded,) = session.redrive("Reader_1_*", 2)

        assert succeeded.succeeded
        assert dead(session) == []
        assert switch.seen == [POISON]


@KINDS
def test_a_redrive_during_an_outage_keeps_the_event(reader: Reader) -> None:
    switch = Switch(fail(ValueError("poison")))
    with opened(Session(clock=HastyClock()), reader(switch, retry=0)) as session:
        add(session, POISON)
        session.settled().result()

        switch.fail = fail(ConnectionError("refused"))
        session.redrive()

        assert dead(session) == [(2, "ConnectionError: refused", 2)]


def test_one_of_several_dead_events_is_redriven_or_deleted_alone() -> None:
    switch = Switch(fail(ValueError("poison")))
    with opened(Session(clock=HastyClock()), reading_projector(switch, retry=0)) as session:
        add(session, POISON, POISON, POISON)
        session.settled().result()

        switch.fail = lambda: None
        session.redrive("Reader", 3)
        deleted = session.delete_dead_events("Reader", 4)

        assert deleted == 1
        assert [row[0] for row in dead(session)] == [2]
        assert session.delete_dead_events("Reader") == 1
        assert dead(session) == []
        assert switch.seen == [POISON]
        assert status_of(session, "Reader").dead_events == 0


def test_deleting_or_redriving_what_is_not_there_says_so() -> None:
    with opened(Session(), reading_projector(Switch(lambda: None))) as session:
        assert session.redrive("Reader", 7) == ()
        assert session.delete_dead_events("Reader") == 0
        with pytest.raises(ConsumerError, match=r"event 7 is not in the dead event queue of Reader"):
            session.delete_dead_events("Reader", 7)
        with pytest.raises(RoutingError, match="there is no consumer 'Nobody'"):
            session.redrive("Nobody")


def test_a_redrive_of_an_event_without_handler_leaves_its_record_as_it_is() -> None:
    switch = Switch(fail(ValueError("poison")))
    with opened(Session(clock=HastyClock()), reading_observer(switch, retry=0)) as session:
        add(session, POISON)
        session.settled().result()

        @observer(start="first")
        class Reader:
            @event_handler
            def opened(self, event: TallyOpenedEvent) -> None: ...

        session.register(Reader)
        (failed,) = session.redrive()

        assert failed.error.startswith("ConsumerError: Reader no longer handles TallyAddedEvent")
        assert dead(session) == [(2, "ValueError: poison", 1)]


def test_dead_events_pass_to_the_next_version_of_their_consumer() -> None:
    with opened(Session(clock=HastyClock()), reading_observer(Switch(fail(ValueError("poison"))), retry=0)) as session:
        add(session, POISON)
        session.settled().result()
        mended: list[int] = []

        @observer(version=2)
        class Reader:
            @event_handler
            def added(self, event: TallyAddedEvent) -> None:
                mended.append(event.amount)

        session.register(Reader)
        session.settled().result()
        assert status_of(session, "Reader").dead_events == 1

        assert session.redrive("Reader") == (Redriven("Reader_2_*", 2, ""),)
        assert (mended, dead(session)) == ([POISON], [])


def test_the_number_of_dead_events_is_known_after_a_restart(tmp_path: object) -> None:
    store = f"{tmp_path}/store.duckdb"
    reader = reading_observer(Switch(fail(ValueError("poison"))), retry=0)
    with opened(Session(store, clock=HastyClock()), reader) as session:
        add(session, POISON, POISON)
        session.settled().result()

    with Session(store) as session:
        session.register(tally, reader)

        assert status_of(session, "Reader").dead_events == 2


@KINDS
def test_an_outage_is_waited_out_however_long_and_shown_meanwhile(reader: Reader) -> None:
    clock, switch = ManualClock(), Switch(fail(TransientError("the bank is closed")))
    with opened(Session(clock=clock), reader(switch, retry=0)) as session:
        add(session, 1, POISON, 2)
        status = wait_for_health(session, "Reader", ConsumerHealth.STALLED)
        assert (status.reason, status.position) == ("TransientError: the bank is closed", 2)

        pass_time(clock, 3600, step=30)
        assert status_of(session, "Reader").attempts > 100
        (row,) = session.consumers_df().query("component == 'Reader'").to_dict("records")
        assert (row["health"], row["reason"], row["lag"]) == ("stalled", "TransientError: the bank is closed", 2)
        assert dead(session) == []

        switch.fail = lambda: None
        clock.advance(31)
        session.settled().result()

        assert (sorted(set(switch.seen)), dead(session)) == ([1, 2, POISON], [])
        status = status_of(session, "Reader")
        assert (status.health, status.reason, status.attempts) == (ConsumerHealth.RUNNING, "", 0)


def test_outages_in_between_do_not_use_up_the_retries_of_a_bug() -> None:
    errors = iter([ConnectionError(), ValueError(), ConnectionError(), TimeoutError(), ValueError(), ConnectionError()])

    def fail_next() -> None:
        if (error := next(errors, None)) is not None:
            raise error

    switch = Switch(fail_next)
    with opened(Session(clock=HastyClock()), reading_projector(switch, retry=2)) as session:
        add(session, POISON)
        session.settled().result()

        assert (switch.tries, dead(session)) == (7, [])
        assert session.sql("SELECT amount FROM seen_row").rows() == [(POISON,)]


def test_a_projector_keeps_nothing_of_a_failed_attempt_and_all_of_the_events_before_it() -> None:
    switch = Switch(fail(ValueError("poison")))
    reader = reading_projector(switch, retry=1)
    with opened(Session(clock=HastyClock())) as session:
        add(session, 1, 2, POISON, 3, POISON, 4)

        session.register(reader)  # the whole log is one batch
        session.settled().result()

        assert session.sql("SELECT amount FROM seen_row ORDER BY ALL").rows() == [(1,), (2,), (3,), (4,)]
        assert [row[0] for row in dead(session)] == [4, 6]
