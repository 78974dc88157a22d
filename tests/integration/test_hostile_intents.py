"""A page that is broken or hostile: whatever it sends is answered, bounded and forgotten; the widget goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import cast

import pytest

from recq_nb import Session
from recq_nb.widgets.errand import LONGEST_PROBLEM
from recq_nb.widgets.events_part import MOST_WAITING
from recq_nb.widgets.protocol.envelope import Body, Frame
from recq_nb.widgets.widget import MOST_PAGES, RecqWidget
from tests.domains import todo_list
from tests.waiting import PATIENCE

KNOWN = ("graph", "flow", "console", "events", "consumers", "catalog", "performance")
HUGE = 10**30
LONG = "x" * 100_000
UNKNOWN = ("nowhere", "\ud800", LONG)


def _act(action: str, consumer: str, number: int | None = None) -> Body:
    return {"kind": "act", "action": action, "consumer": consumer, "sequence_number": number, "confirmed": True}


def _typed(text: str, draft: object = None) -> Body:
    branches = [{"path": ["a"], "branch": 99}]
    return {"kind": "check", "name": "TodoListCreateCommand", "input": text, "branches": branches, "draft": draft}


BAD: tuple[Body, ...] = (
    {},
    {"kind": None},
    {"kind": ["hello"]},
    {"kind": {"a": 1}},
    {"kind": LONG},
    {"kind": "code", "bundle": "../../errors"},
    {"kind": "code", "bundle": ["loader"]},
    {"kind": "ack", "frame": "x"},
    {"kind": "ack", "frame": 10**400},
    {"kind": "hop", "step": -1},
    {"kind": "hop", "step": HUGE},
    {"kind": "mermaid", "correlation": LONG},
    {"kind": "find", "filter": {"name": {"a": 1}, "since": "9999-99-99", "text": 5}},
    {"kind": "find", "filter": {"since": "0001-01-01T00:00:00+23:59", "until": "9999-12-31T23:59:59-23:59"}},
    {"kind": "find", "filter": {"text": "\ud83d"}},
    {"kind": "page", "query": -1, "first": -HUGE, "count": -5},
    {"kind": "page", "query": 1, "first": HUGE, "count": HUGE},
    {"kind": "event", "number": HUGE, "query": 1},
    {"kind": "as_of", "number": HUGE, "aggregate": "a", "table": "t"},
    {"kind": "as_of", "number": -4, "aggregate": "a", "table": "'; DROP TABLE recq.events"},
    _act("pause", LONG),
    _act("redrive", "", HUGE),
    _act("explode", ""),
    {"kind": "open_form", "name": "__class__"},
    {"kind": "open_form", "name": "\ud800"},
    {"kind": "give_up", "call": HUGE},
    {"kind": "ids", "name": "nowhere"},
    {"kind": "schema", "name": "nowhere"},
    _typed("{"),
    _typed("[" * 100_000),
    _typed('{"identifier": "\ud800"}', {"deep": [[[[]]]]}),
)
NO_INTENTS: tuple[object, ...] = (
    None,
    5,
    "hello",
    [],
    {"intent": 1},
    {"intent": True, "part": "flow", "page": "p", "body": {"kind": "hello"}},
    {"intent": 1, "part": "flow", "page": "p", "body": [1]},
)


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as session:
        session.register(todo_list)
        yield session


class Heard:
    """A widget's frames, by the intent they answer."""

    def __init__(self, widget: RecqWidget, monkeypatch: pytest.MonkeyPatch) -> None:
        self.widget = widget
        self.frames: list[Frame] = []
        self._came = threading.Condition()
        monkeypatch.setattr(widget, "send", self._arrive)

    def _arrive(self, content: object, _buffers: object = None) -> None:
        with self._came:
            self.frames.append(cast("Frame", content))
            self._came.notify_all()

    def send(self, number: int, part: str, body: Body, page: str = "page") -> None:
        self.widget._arrived(self.widget, {"intent": number, "part": part, "page": page, "body": body}, [])

    def answer(self, number: int) -> Body:
        with self._came:
            assert self._came.wait_for(lambda: any(one["answers"] == number for one in self.frames), PATIENCE)
        return next(one["body"] for one in self.frames if one["answers"] == number)


@pytest.fixture
def heard(session: Session, monkeypatch: pytest.MonkeyPatch) -> Heard:
    return Heard(session.dashboard(), monkeypatch)


def test_whatever_a_page_sends_is_answered_in_short_and_every_part_goes_on(session: Session, heard: Heard) -> None:
    number = 0
    for part in (*KNOWN, *UNKNOWN):
        for body in BAD:
            number += 1
            heard.send(number, part, body)
            if body.get("kind") not in ("ack", "give_up"):
                assert len(str(heard.answer(number).get("text", ""))) <= LONGEST_PROBLEM or body.get("kind") == "code"
    for content in NO_INTENTS:
        heard.widget._arrived(heard.widget, content, [])
        assert heard.frames[-1]["body"]["kind"] == "problem"

    for part in KNOWN:
        number += 1
        heard.send(number, part, {"kind": "hello"})
        assert heard.answer(number)["kind"] != "problem"
    assert session.sql("SELECT count(*) FROM recq.events").rows() == [(0,)]


def test_a_flood_of_pages_and_questions_is_bounded(heard: Heard) -> None:
    before = threading.active_count()
    for number in range(2 * MOST_PAGES):
        heard.send(number, "graph", {"kind": "hello"}, page=f"page {number}")
    asked = 4 * MOST_WAITING
    for number in range(asked):
        heard.send(1_000 + number, "events", {"kind": "find", "filter": {"text": str(number)}})
        heard.send(9_000 + number, "consumers", _act("pause", "TodoListProjector"))

    assert len(heard.widget._pages) <= MOST_PAGES
    assert threading.active_count() - before <= 20
    for number in range(asked):
        assert heard.answer(1_000 + number)["kind"] in {"found", "problem"}
        assert heard.answer(9_000 + number)["kind"] in {"acted", "problem"}
    heard.send(8_000, "events", {"kind": "find", "filter": {}})
    assert heard.answer(8_000)["kind"] == "found"
