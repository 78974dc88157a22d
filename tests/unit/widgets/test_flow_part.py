"""The flow part: hops as the recorder has them, bounded, with details on request."""

from __future__ import annotations

import json

import pytest

from recq_nb import (
    AggregateId,
    AggregateState,
    DomainCommand,
    DomainEvent,
    Query,
    RecqError,
    Session,
    View,
    aggregate,
    aggregate_command_handler,
    event_sourcing_handler,
    projection,
    query_handler,
)
from recq_nb.ports.flow_listener import FlowStepKind
from recq_nb.widgets.flow_part import DETAILED_OF_BURST, LONGEST_PAYLOAD, REMEMBERED, FlowPart
from recq_nb.widgets.part import BURST_REST_SECONDS
from recq_nb.widgets.protocol.envelope import Body


class NoteWriteCommand(DomainCommand):
    note_id: AggregateId
    text: str = ""


class NoteWrittenEvent(DomainEvent):
    note_id: str


class NoteState(AggregateState):
    pass


@aggregate
class Note:
    @aggregate_command_handler(init=True)
    def write(self, command: NoteWriteCommand) -> NoteWrittenEvent:
        return NoteWrittenEvent(note_id=command.note_id)

    @event_sourcing_handler
    def written(self, _event: NoteWrittenEvent) -> NoteState:
        return NoteState()


class NoteView(View):
    note_id: str


class NoteListQuery(Query[list[NoteView]]):
    pass


@projection
class Notes:
    @query_handler
    def all(self, _query: NoteListQuery) -> list[NoteView]:
        return [NoteView(note_id="N")]


@pytest.fixture
def session() -> Session:
    made = Session()
    made.register(NoteWriteCommand, NoteWrittenEvent, Note)
    return made


def _send(session: Session, count: int, start: int = 0, text: str = "") -> None:
    for reply in [
        session.send(NoteWriteCommand(note_id=f"N{number}", text=text)) for number in range(start, start + count)
    ]:
        reply.result()
    session.recorded()


def _asked(part: FlowPart, intent: Body) -> Body:
    answers: list[Body] = []
    part.receive(intent, answers.append)
    (answer,) = answers
    return answer


def test_a_snapshot_has_the_hops_so_far_and_news_what_came_since(session: Session) -> None:
    with session:
        part = FlowPart(session)
        _send(session, 1)

        snapshot = part.snapshot()
        nothing = part.delta()
        _send(session, 1, start=1)
        news = part.delta()

    assert isinstance(snapshot["hops"], list)
    assert [(hop["hop"], hop["kind"], hop["source"], hop["target"]) for hop in snapshot["hops"]] == [
        ("sent", "domain command", "outside", "gateway"),
        ("published", "domain event", "Note", "event store"),
        ("replied", "domain command", "Note", "outside"),
    ]
    assert snapshot["lifelines"] == [{"name": "Note", "kind": "aggregate"}]
    assert nothing is None
    assert news is not None
    assert isinstance(news["hops"], list)
    assert [hop["step"] for hop in news["hops"]] == [4, 5, 6]
    json.dumps([snapshot, news])


def test_a_burst_is_counted_and_nothing_of_it_is_left_out(session: Session) -> None:
    with session:
        part = FlowPart(session)
        part.snapshot()
        _send(session, 2_000)

        news, rest = part.delta(), part.rest_seconds
        after = part.delta(), part.rest_seconds
        snapshot = FlowPart(session).snapshot()

    assert news is not None
    assert isinstance(news["hops"], list)
    assert isinstance(news["skipped"], list)
    assert len(news["hops"]) == DETAILED_OF_BURST
    assert (rest, after) == (BURST_REST_SECONDS, (None, 0.0))
    assert sum(one["count"] for one in news["skipped"]) == 6_000 - DETAILED_OF_BURST
    assert isinstance(snapshot["hops"], list)
    assert len(snapshot["hops"]) == REMEMBERED
    assert snapshot["forgotten"] == 6_000 - REMEMBERED


def test_details_show_a_huge_payload_in_part_and_the_handler(session: Session) -> None:
    with session:
        part = FlowPart(session)
        _send(session, 1, text="x" * 1_000_000)

        details = _asked(part, {"kind": "hop", "step": 3})

    assert isinstance(details["payload"], str)
    assert len(details["payload"]) == LONGEST_PAYLOAD
    assert details["cut"] is True
    assert isinstance(details["source"], dict)
    assert "\ndef write" in details["source"]["text"]
    assert details["source"]["place"] == "test_flow_part.py"


def test_only_the_wanted_flow_is_shown(session: Session) -> None:
    with session:
        _send(session, 1)
        wanted = session.send(NoteWriteCommand(note_id="MINE")).result()
        session.recorded()
        part = FlowPart(session, {wanted.correlation_id})
        snapshot = part.snapshot()
        _send(session, 1, start=1)

        assert part.delta() is None
        text = part.picture().text
    assert isinstance(snapshot["hops"], list)
    assert {hop["correlation"] for hop in snapshot["hops"]} == {wanted.correlation_id}
    assert text.count("NoteWriteCommand") == 1


def test_what_a_notebook_keeps_of_a_long_flow_is_bounded(session: Session) -> None:
    with session:
        _send(session, 1_500)
        picture = FlowPart(session, {step.message.correlation_id for step in session.recorder.since(0)[1]}).picture()

    assert picture.text.splitlines()[-1] == "… and 2,000 more lines"
    assert len(picture.text) < 100_000
    assert len(picture.html) < 100_000


def test_a_forgotten_hop_and_an_unknown_intent_are_refused(session: Session) -> None:
    with session:
        part = FlowPart(session)
        with pytest.raises(RecqError, match="hop 99 has been forgotten"):
            part.receive({"kind": "hop", "step": 99}, lambda _body: None)
        with pytest.raises(RecqError, match="knows no intent 'dance'"):
            part.receive({"kind": "dance"}, lambda _body: None)


def test_a_flow_is_copied_as_mermaid(session: Session) -> None:
    with session:
        part = FlowPart(session)
        _send(session, 2)

        text = _asked(part, {"kind": "mermaid", "correlation": ""})["text"]

    assert isinstance(text, str)
    assert text.startswith("sequenceDiagram\n")
    assert text.count("p0->>p1: NoteWriteCommand") == 2


def test_the_reply_to_a_query_says_which_view_it_carries(session: Session) -> None:
    with session:
        session.register(NoteView, NoteListQuery, Notes)
        session.query(NoteListQuery()).result()
        session.recorded()
        hops = FlowPart(session).snapshot()["hops"]

    assert isinstance(hops, list)
    assert [(hop["hop"], hop["view"]) for hop in hops] == [("sent", ""), ("replied", "list of NoteView")]


def test_what_a_chosen_flow_widget_copies_is_what_it_shows(session: Session) -> None:
    with session:
        _send(session, 3)
        wanted = session.send(NoteWriteCommand(note_id="MINE")).result()
        session.recorded()
        part = FlowPart(session, {wanted.correlation_id})

        text = _asked(part, {"kind": "mermaid", "correlation": ""})["text"]

        assert part.snapshot()["chosen"] is True
        assert FlowPart(session).snapshot()["chosen"] is False
    assert isinstance(text, str)
    assert text.count("NoteWriteCommand") == 1


def test_chosen_flows_keep_their_picture_when_the_recorder_forgets_them(session: Session) -> None:
    with session:
        wanted = session.send(NoteWriteCommand(note_id="MINE")).result()
        session.recorded()
        part = FlowPart(session, {wanted.correlation_id})
        before = part.picture()
        _send(session, 1)
        session.recorder._steps.clear()  # what it does with the oldest, done to all

        assert part.picture() == before
        assert FlowPart(session).picture().text != before.text
    assert "NoteWriteCommand" in before.text


def test_chosen_flows_show_what_comes_later(session: Session) -> None:
    with session:
        part = FlowPart(session, {"C1"})
        before = part.picture()
        session.send(NoteWriteCommand(note_id="ONE"), command_id="C1").result()
        session.recorded()

        assert "NoteWriteCommand" in part.picture().text
    assert "NoteWriteCommand" not in before.text


def test_the_picture_of_chosen_flows_is_complete_and_invents_no_beginning(session: Session) -> None:
    with session:
        for number in range(400):
            _send(session, 1, start=number)
        everything = {step.message.correlation_id for step in session.recorder.since(0)[1]}
        chosen = FlowPart(session, everything).picture()
        newest = FlowPart(session).picture()

    assert chosen.text.count("command NoteWriteCommand") == 400
    # Of 1,200 hops the newest thousand begin with a reply, whose command stands beside it.
    assert newest.text.count("command NoteWriteCommand") == 334


def test_after_a_burst_that_is_still_being_consumed_the_picture_has_the_events_with_their_beginnings(
    session: Session,
) -> None:
    with session:
        _send(session, 1_100)
        published = [step for step in session.recorder.since(0)[1] if step.kind is FlowStepKind.PUBLISHED]
        consumed = [step._replace(kind=FlowStepKind.CONSUMED, component="NoteProjector") for step in published]
        session.recorder.record(consumed)
        picture = FlowPart(session).picture()
        session.recorder._steps.clear()  # what it does with the oldest, done to all
        session.recorder.record(consumed)
        forgotten = FlowPart(session).picture()

    assert picture.text.splitlines()[0].startswith("event NoteWrittenEvent")
    assert picture.text.splitlines()[-1] == "… and 1,000 more lines"
    assert "more hops" in picture.html
    assert "NoteWrittenEvent" not in forgotten.text
