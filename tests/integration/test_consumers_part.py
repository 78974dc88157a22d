"""The consumers part on a running session: what it shows, how rarely it reads, and what its actions do."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from typing import cast

import pytest

from recq_nb import RecqError, Session
from recq_nb.widgets.consumer_tables import place_of
from recq_nb.widgets.consumers_part import BURST, ConsumersPart, part_for
from recq_nb.widgets.part import BURST_REST_SECONDS
from recq_nb.widgets.protocol.consumers import ConsumersBody
from recq_nb.widgets.protocol.envelope import Body
from tests.domains.reminders import Bell, BookCommand, Desk, Reminder, Stay
from tests.domains.tally_poison import POISON, Switch, add, dead, fail, opened, reading_observer, reading_projector
from tests.waiting import PATIENCE, HastyClock, spin_until

PROJECTOR = "Reader_1_*"


def act(part: ConsumersPart, action: str, consumer: str, number: int | None = None, *, confirmed: bool = True) -> Body:
    answered = threading.Event()
    answers: list[Body] = []

    def answer(body: Body) -> None:
        answers.append(body)
        answered.set()

    body: Body = {"kind": "act", "action": action, "consumer": consumer, "sequence_number": number}
    part.receive({**body, "confirmed": confirmed}, answer)
    assert answered.wait(PATIENCE)
    return answers[0]


def body_once(part: ConsumersPart, reached: Callable[[ConsumersBody], bool]) -> ConsumersBody:
    """The snapshot once this holds; the tables are read beside it."""
    patience = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        body = cast("ConsumersBody", part.snapshot())
        if reached(body):
            return body
        patience.wait(0.02)
    raise AssertionError("it has not come about")


def test_a_dead_event_is_shown_with_its_line_and_driven_again_or_deleted() -> None:
    switch = Switch(fail(ValueError("no")))
    with opened(Session(), reading_projector(switch, retry=0)) as session:
        part = part_for(session)
        add(session, 1, POISON, POISON, 2)
        session.settled().result()
        body = body_once(part, lambda body: body["tables"] is not None and body["tables"]["dead_total"] == 2)
        assert body["tables"] is not None
        (first, _) = sorted(body["tables"]["dead"], key=lambda row: row["sequence_number"])
        assert (first["consumer_id"], first["exception"]) == (PROJECTOR, "ValueError: no")
        assert first["place"].endswith("in handler_fails: raise error")

        again = act(part, "redrive", PROJECTOR, first["sequence_number"])
        assert again["failed"] is True
        assert "failed again: ValueError: no" in str(again["text"])
        switch.fail = lambda: None
        assert act(part, "redrive", "", None)["text"] == "2 of 2 dead events handled."
        assert dead(session) == []

        switch.fail = fail(ValueError("no"))
        add(session, POISON)
        session.settled().result()
        with pytest.raises(RecqError, match="not confirmed"):
            act(part, "delete", PROJECTOR, confirmed=False)
        assert act(part, "delete", "", None)["text"] == "1 dead event deleted."
        assert dead(session) == []


def test_a_consumer_is_paused_resumed_and_replayed() -> None:
    switch = Switch(lambda: None)
    with opened(Session(), reading_observer(switch)) as session:
        part = part_for(session)
        session.settled().result()
        act(part, "pause", "Reader_1_*")
        add(session, 1, 2)
        (row,) = [row for row in body_once(part, lambda _: True)["consumers"] if row["component"] == "Reader"]
        assert (row["health"], row["lag"]) == ("paused", 2)

        act(part, "resume", "Reader_1_*")
        session.settled().result()
        with pytest.raises(RecqError, match="does again what it did"):
            act(part, "replay", "Reader_1_*", confirmed=False)
        act(part, "replay", "Reader_1_*")
        session.settled().result()

        assert sorted(switch.seen) == [1, 1, 2, 2]


def decide(part: ConsumersPart, action: str, schedule_id: str, *, confirmed: bool = True) -> Body:
    answers: queue.SimpleQueue[Body] = queue.SimpleQueue()
    body: Body = {"kind": "scheduled", "action": action, "schedule_id": schedule_id, "confirmed": confirmed}
    part.receive(body, answers.put)
    return answers.get(timeout=PATIENCE)


def test_a_scheduled_command_is_cancelled_once_confirmed_and_one_given_up_is_sent_again() -> None:
    bell = Bell()
    bell.on_ring = fail(ValueError("no"))
    with Session(clock=HastyClock(), injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        part = part_for(session)
        for name in ("ada", "bob"):
            session.send(BookCommand(name=name)).result()
        given_up = "SELECT count(*) FROM recq.scheduled_commands WHERE given_up"
        spin_until(session, lambda: session.sql(given_up).rows() == [(2,)])
        body = body_once(part, lambda body: body["tables"] is not None and body["tables"]["scheduled_total"] == 2)
        assert body["tables"] is not None
        ada, bob = sorted(body["tables"]["scheduled"], key=lambda row: row["payload"])
        assert (ada["last_error"], ada["given_up"]) == ("ValueError: no", True)

        bell.on_ring = lambda: None
        assert decide(part, "retry", ada["schedule_id"])["text"] == "The command is sent once more."
        session.settled().result()
        with pytest.raises(RecqError, match="not confirmed"):
            decide(part, "cancel", bob["schedule_id"], confirmed=False)
        assert decide(part, "cancel", bob["schedule_id"])["text"] == "The scheduled command is cancelled."
        assert decide(part, "cancel", bob["schedule_id"])["kind"] == "problem"

        body_once(part, lambda body: body["tables"] is not None and body["tables"]["scheduled_total"] == 0)
        assert bell.rung == ["ada"]


def test_an_action_that_fails_says_why() -> None:
    with opened(Session()) as session:
        answer = act(part_for(session), "pause", "Nobody")

    assert answer["kind"] == "problem"
    assert "there is no consumer 'Nobody'" in str(answer["text"])
    assert "Running consumers" in str(answer["remedy"])


def test_tables_are_read_at_most_three_times_a_second_and_never_while_nothing_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1_000.0
    monkeypatch.setattr("recq_nb.widgets.consumers_part.time.monotonic", lambda: now)
    with opened(Session()) as session:
        part = part_for(session)
        reads: list[str] = []
        original = session.sql

        def counted(text: str, /, *parameters: object) -> object:
            reads.append(text)
            return original(text, *parameters)

        monkeypatch.setattr(session, "sql", counted)
        settle()
        reads.clear()
        for _ in range(40):  # two seconds of frames, with news in each
            now += 0.05
            add(session, 1)
            session.settled().result()
            part.delta()
            settle()
        assert 0 < len(reads) <= 6
        now += 5
        part.delta()
        settle()
        reads.clear()
        for _ in range(100):
            now += 0.05
            part.delta()
            settle()
        assert reads == []


def settle() -> None:
    """Return once the read under way, if any, has ended."""
    for thread in threading.enumerate():
        if thread.name == "recq-widgets-tables":
            thread.join(PATIENCE)


def test_nothing_is_sent_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("recq_nb.widgets.consumers_part.time.monotonic", lambda: now)
    with opened(Session()) as session:
        part = part_for(session)
        session.settled().result()
        for _ in range(70 * 20):  # a minute of trend, until it is a flat line
            now += 0.05
            part.delta()
            settle()

        now += 0.2
        assert part.delta() is None


def test_a_burst_is_looked_at_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("recq_nb.widgets.consumers_part.time.monotonic", lambda: now)
    rests = []
    with opened(Session()) as session:
        part = part_for(session)
        for events in (1, BURST + 1, 1):
            for _ in range(events):
                add(session, 1)
            now += 0.2
            assert part.delta() is not None
            rests.append(part.rest_seconds)

    assert rests == [0.0, BURST_REST_SECONDS, 0.0]


def test_the_place_is_the_modellers_own_line() -> None:
    with pytest.raises(ValueError, match="here") as caught:
        raise_here()
    text = "".join(traceback.format_exception(caught.value))

    assert place_of(text).endswith('in raise_here: raise ValueError("here")')
    assert place_of("") == ""


def raise_here() -> None:
    raise ValueError("here")
