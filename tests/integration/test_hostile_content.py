"""Whatever modellers put into texts and numbers: every frame can be sent, every picture kept, and nothing runs."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import cast

import pytest
from jupyter_client.session import json_packer, json_unpacker

from recq_nb import (
    AggregateId,
    AggregateState,
    DomainCommand,
    DomainEvent,
    Key,
    Query,
    ReadModel,
    Rejection,
    Session,
    Table,
    View,
    aggregate,
    aggregate_command_handler,
    event_handler,
    event_sourcing_handler,
    projection,
    projector,
    query_handler,
)
from recq_nb.errors import HandlerResultError, PayloadError
from recq_nb.flow.sequence import to_mermaid
from recq_nb.flow.sequence_picture import to_html
from recq_nb.magics.report import Code, Report
from recq_nb.magics.report import Table as ReportTable
from recq_nb.testing.failure import SpecificationFailure
from recq_nb.widgets.protocol.envelope import Body, Frame
from recq_nb.widgets.widget import RecqWidget
from tests.waiting import PATIENCE, spin_until

PARTS = ("graph", "flow", "console", "events", "consumers", "catalog", "performance")
MARKUP = "<script>alert(1)</script></style></svg>]]><img src=x onerror=alert(1)>"
TEXTS = (
    MARKUP,
    "\"'`${}&amp;javascript:alert(1)",
    "\u202etxet\u2066\u200b",
    "\x00\x01\x1b[31m\x7f\x85\u2028",
    "x" * 1_000_000,
)
LONE = "\ud83d"
"""Half of an emoji: legal in Python, in no encoding."""
EVERYTHING_MOST = 400_000
"""Characters of all that a notebook keeps of the dashboard of this little traffic."""


class HostileCommand(DomainCommand):
    identifier: AggregateId
    number: int = 2**63 - 1
    text: str


class HostileEvent(DomainEvent):
    identifier: str
    number: int
    text: str


class HostileView(View):
    text: str
    number: int
    ratio: float


class HostileQuery(Query[HostileView]):
    text: str


class HostileRow(ReadModel):
    identifier: Key[str]
    text: str
    number: int


class HostileState(AggregateState):
    text: str


@aggregate
class Hostile:
    @aggregate_command_handler(init=True)
    def take(self, command: HostileCommand) -> HostileEvent:
        if command.identifier.startswith("refused"):
            raise Rejection(command.text, command.text)
        if command.identifier.startswith("failed"):
            raise ValueError(command.text)
        return HostileEvent(identifier=command.identifier, text=command.text, number=command.number)

    @event_sourcing_handler
    def taken(self, event: HostileEvent) -> HostileState:
        return HostileState(text=event.text)


@projector
class HostileProjector:
    @event_handler(retry=0)
    def taken(self, event: HostileEvent, rows: Table[HostileRow]) -> None:
        if event.identifier.startswith("dead"):
            raise ValueError(event.text)
        rows.upsert(HostileRow(identifier=event.identifier, text=event.text, number=event.number))


@projection
class HostileProjection:
    @query_handler
    def tell(self, query: HostileQuery) -> HostileView:
        return HostileView(text=query.text + LONE, number=2**63, ratio=math.nan)


class Page:
    """The dashboard as a page sees it: what cannot be written as JSON in UTF-8 never arrives."""

    def __init__(self, widget: RecqWidget, monkeypatch: pytest.MonkeyPatch) -> None:
        self._widget = widget
        self._asked = 0
        self._answers: dict[int, Body] = {}
        self._answered = threading.Condition()
        self.bytes = 0
        monkeypatch.setattr(widget, "send", self._arrive)

    def _arrive(self, content: object, _buffers: object = None) -> None:
        packed = json_packer(content)
        frame = cast("Frame", json_unpacker(packed))
        self.bytes += len(packed)
        with self._answered:
            if frame["answers"] is not None:
                self._answers[frame["answers"]] = frame["body"]
            self._answered.notify_all()

    def ask(self, part: str, body: Body) -> Body:
        self._asked += 1
        number = self._asked
        self._widget._arrived(self._widget, {"intent": number, "part": part, "page": "page", "body": body}, [])
        with self._answered:
            assert self._answered.wait_for(lambda: number in self._answers, PATIENCE)
        return self._answers[number]


class Tags(HTMLParser):
    """Which elements and attributes a page would make of a picture."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def assert_harmless(self) -> None:
        assert not self.names & {"script", "img", "iframe", "object", "embed", "link", "base", "form", "a"}
        assert not [name for name in self.attributes if name.startswith("on") or name in {"href", "src", "srcdoc"}]


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as session:
        session.register(Hostile, HostileProjector, HostileProjection)
        session.recorded("")
        for number, text in enumerate((*TEXTS, LONE)):
            for how in ("taken", "refused", "failed", "dead"):
                command = HostileCommand(identifier=f"{how}{number}", text=text)
                with contextlib.suppress(Rejection, PayloadError, HandlerResultError, ValueError):
                    session.send(command, metadata={"text": text}).result(PATIENCE)
        session.settled().result(PATIENCE)
        yield session


@pytest.fixture
def page(session: Session, monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(session.dashboard(), monkeypatch)


def test_every_part_is_told_and_nothing_of_it_is_rounded_or_endless(session: Session, page: Page) -> None:
    for part in PARTS:
        assert page.ask(part, {"kind": "hello"})["kind"] != "problem", part
    first, steps = session.recorder.since(0)
    hops = [page.ask("flow", {"kind": "hop", "step": first + place}) for place in range(len(steps))]
    assert {one["kind"] for one in hops} == {"hop"}
    assert all("9223372036854775807" in str(one["payload"]) for one in hops)

    found = page.ask("events", {"kind": "find", "filter": {}})
    for number in range(1, session.head + 1):
        event = page.ask("events", {"kind": "event", "number": number, "query": found["query"]})
        past = page.ask("events", {"kind": "as_of", "number": number, "aggregate": "", "table": ""})
        assert "9223372036854775807" in str(event["payload"])
        assert past["kind"] == "past"
        assert "9223372036854775807" in str(past["rows"])
        for text in (event["metadata"], past["state"]):
            assert len(str(text)) < 4_100 or str(text).endswith(" more characters")
    spin_until(session, lambda: page.ask("consumers", {"kind": "hello"})["tables"] is not None)
    assert page.bytes < 4_000_000


def test_an_answer_no_json_can_hold_is_shown_and_the_console_goes_on(session: Session, page: Page) -> None:
    page.ask("console", {"kind": "hello"})
    text = '{"text": "big"}'
    body: Body = {"kind": "send", "name": "HostileQuery", "input": text, "branches": [], "draft": None}
    assert page.ask("console", body)["kind"] == "sent"

    def answered() -> bool:
        calls = cast("list[dict[str, object]]", page.ask("console", {"kind": "hello"})["calls"])
        return calls[-1]["state"] == "answered"

    spin_until(session, answered)
    (call,) = cast("list[dict[str, object]]", page.ask("console", {"kind": "hello"})["calls"])
    assert "number=9223372036854775808" in str(call["view"])
    assert "big" in str(call["view"])


def test_pictures_that_a_notebook_keeps_are_short_harmless_and_can_be_saved(session: Session) -> None:
    widget = session.dashboard()

    picture = widget.current_picture()

    Tags(picture.html).assert_harmless()
    json_packer([picture.html, picture.text])
    assert MARKUP not in picture.html
    assert len(picture.html) + len(picture.text) < EVERYTHING_MOST


def test_flows_and_the_messages_table_hold_what_handlers_failed_with(session: Session) -> None:
    graph = session.recorded()
    outcomes = session.sql("SELECT DISTINCT outcome FROM recq.messages WHERE hop = 'failed'").rows()

    for text in (to_html(graph), repr(graph), to_mermaid(graph)):
        json_packer(text)
    assert ("ValueError: \\ud83d",) in outcomes


def test_reports_of_the_magics_are_harmless_and_can_be_saved() -> None:
    for text in (*TEXTS, LONE):
        report = Report(text, ReportTable(("one", "two"), [(Code(text), text)]))
        failure = SpecificationFailure.between(text, HostileView(text=text, number=1, ratio=0.5), text)
        for html in (report._repr_html_(), failure._repr_html_()):
            Tags(html).assert_harmless()
            json_packer(html)
        json_packer([repr(report), str(failure)])
