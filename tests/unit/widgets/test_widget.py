"""The widget: snapshots for one page, news for all, back-pressure, and nothing kept of pages that are gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import cast

import pytest
from ipywidgets.widgets import widget as registry  # type: ignore[import-untyped]  # ships no types

from recq_nb import RecqError
from recq_nb.widgets import widget as module
from recq_nb.widgets.frame_pump import FramePump
from recq_nb.widgets.page import GONE_SECONDS, SLOW_SECONDS
from recq_nb.widgets.part import Answer, Picture
from recq_nb.widgets.protocol.envelope import Body, Frame
from recq_nb.widgets.widget import RecqWidget
from tests.waiting import PATIENCE


class CountingPart:
    """Counts; what was counted since the last look is news."""

    name = "counting"

    def __init__(self) -> None:
        self.rest_seconds = 0.0
        self.count = 0
        self.told = 0
        self.breaks = False

    def snapshot(self) -> Body:
        self.told = self.count
        return {"kind": "snapshot", "count": self.count}

    def delta(self) -> Body | None:
        if self.breaks:
            raise ZeroDivisionError("a bug")
        new, self.told = self.count - self.told, self.count
        return {"kind": "news", "more": new} if new else None

    def receive(self, intent: Body, answer: Answer) -> None:
        if intent["kind"] == "refuse":
            raise RecqError("no.", remedy="Ask for something else.")
        answer({"kind": "echo"})

    def picture(self) -> Picture:
        return Picture(f"<b>{self.count}</b>", str(self.count))

    def close(self) -> None:
        """Nothing to let go of."""


class Sent(RecqWidget):
    """A widget whose frames are kept instead of sent, on a clock that stands still."""

    def __init__(self, part: CountingPart, pump: FramePump) -> None:
        self.frames: list[Frame] = []
        super().__init__([part], pump, "loader")

    def send(self, content: object, buffers: object = None) -> None:
        self.frames.append(cast("Frame", content))

    def hear(self, body: Body, *, page: str = "page", number: int = 1, part: str = "counting") -> None:
        self._arrived(self, {"intent": number, "part": part, "page": page, "body": body}, [])

    def took(self) -> list[tuple[str | None, Body]]:
        """What was sent since the last call, with the page it was for."""
        frames, self.frames = self.frames, []
        return [(frame["to"], frame["body"]) for frame in frames]


class StoppedPump(FramePump):
    """Feeds nobody; the test does."""

    def attach(self, fed: object) -> None:
        """Not now."""


class ManualTime:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.spent = 0.0

    def monotonic(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.spent


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualTime:
    clock = ManualTime()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def part() -> CountingPart:
    return CountingPart()


@pytest.fixture
def widget(part: CountingPart, clock: ManualTime) -> Iterator[Sent]:
    assert clock.now == 0.0
    widget = Sent(part, StoppedPump())
    yield widget
    widget.close()


def test_a_page_that_says_hello_is_given_a_snapshot_and_then_the_news(widget: Sent, part: CountingPart) -> None:
    part.count = 3
    widget.hear({"kind": "hello"})
    part.count = 5

    assert widget.feed()
    assert widget.took() == [("page", {"kind": "snapshot", "count": 3}), (None, {"kind": "news", "more": 2})]


def test_a_second_page_takes_no_news_from_the_first(widget: Sent, part: CountingPart) -> None:
    widget.hear({"kind": "hello"}, page="first")
    widget.took()
    part.count = 4

    widget.hear({"kind": "hello"}, page="second")

    assert widget.took() == [(None, {"kind": "news", "more": 4}), ("second", {"kind": "snapshot", "count": 4})]


def test_a_part_that_rests_is_asked_later_and_at_once_for_a_page_that_comes(
    widget: Sent, part: CountingPart, clock: ManualTime
) -> None:
    widget.hear({"kind": "hello"})
    part.rest_seconds, part.count = 0.5, 1
    widget.feed()
    part.count = 3
    clock.now = 0.4
    widget.feed()
    assert len(widget.took()) == 2

    widget.hear({"kind": "hello"}, page="second")
    assert widget.took() == [(None, {"kind": "news", "more": 2}), ("second", {"kind": "snapshot", "count": 3})]

    part.count = 4
    clock.now = 0.5
    widget.feed()
    assert widget.took() == [(None, {"kind": "news", "more": 1})]


def test_a_part_is_asked_for_one_thing_at_a_time(
    widget: Sent, part: CountingPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, pictured = threading.Event(), threading.Event()
    overlaps: list[bool] = []

    def delta() -> Body:
        asked.set()
        overlaps.append(pictured.wait(0.2))
        return {"kind": "news", "more": 1}

    def picture() -> Picture:
        pictured.set()
        return Picture("", "")

    widget.hear({"kind": "hello"})
    monkeypatch.setattr(part, "delta", delta)
    monkeypatch.setattr(part, "picture", picture)
    pump = threading.Thread(target=widget.feed)
    pump.start()
    assert asked.wait(PATIENCE)
    widget.current_picture()  # the cell's thread, when the cell ends
    pump.join()

    assert overlaps == [False]
    assert pictured.is_set()


def test_frames_that_cost_much_are_sent_less_often(
    widget: Sent, part: CountingPart, clock: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delta() -> Body:
        clock.spent += 0.0049
        return {"kind": "news", "more": 1}

    widget.hear({"kind": "hello"})
    widget.took()
    monkeypatch.setattr(part, "delta", delta)
    sent_at = []
    for number in range(20):
        clock.now = number / 20
        widget.feed()
        widget.hear({"kind": "ack", "frame": 99}, part="")
        sent_at += [clock.now] * len(widget.took())

    assert sent_at == [number / 10 for number in range(10)]


def test_a_page_that_lags_is_sent_news_only_now_and_then(widget: Sent, part: CountingPart, clock: ManualTime) -> None:
    widget.hear({"kind": "hello"})
    for _ in range(10):
        part.count += 1
        widget.feed()
    assert len(widget.took()) == 1 + 3

    clock.now += SLOW_SECONDS
    widget.feed()
    assert widget.took() == [(None, {"kind": "news", "more": 7})]

    part.count += 1
    widget.hear({"kind": "ack", "frame": 5}, part="")
    widget.feed()
    assert widget.took() == [(None, {"kind": "news", "more": 1})]


def test_what_one_page_asks_does_not_make_another_seem_gone(
    widget: Sent, part: CountingPart, clock: ManualTime
) -> None:
    widget.hear({"kind": "hello"}, page="quiet")
    widget.hear({"kind": "ack", "frame": 1}, page="quiet", part="")
    widget.hear({"kind": "hello"}, page="busy")
    for number in range(10):
        widget.hear({"kind": "echo"}, page="busy", number=number)
    clock.now += GONE_SECONDS
    widget.hear({"kind": "ack", "frame": 100}, page="busy", part="")
    part.count += 1
    widget.took()

    assert widget.feed()
    widget.hear({"kind": "ack", "frame": 100}, page="quiet", part="")
    assert widget.took() == [(None, {"kind": "news", "more": 1})]


def test_a_page_that_was_given_up_is_asked_to_say_hello_again(widget: Sent, clock: ManualTime) -> None:
    widget.hear({"kind": "hello"})
    clock.now += GONE_SECONDS
    assert not widget.feed()
    assert not widget.watched
    widget.took()

    widget.hear({"kind": "ack", "frame": 1}, part="")

    assert widget.took() == [("page", {"kind": "again"})]


def test_bye_ends_the_feeding(widget: Sent) -> None:
    widget.hear({"kind": "hello"})
    widget.hear({"kind": "bye"})

    assert not widget.feed()


@pytest.mark.parametrize("content", [None, {"kind": "hello"}, {"intent": "1", "part": "", "page": "", "body": {}}])
def test_what_is_no_intent_is_answered_with_a_problem(widget: Sent, content: object) -> None:
    widget._arrived(widget, content, [])

    assert [body["kind"] for _, body in widget.took()] == ["problem"]


def test_a_refusal_is_the_answer_to_its_intent_with_the_remedy(widget: Sent) -> None:
    widget.hear({"kind": "refuse"}, number=7)

    frame = widget.frames[0]
    assert (frame["to"], frame["answers"]) == ("page", 7)
    assert frame["body"] == {"kind": "problem", "text": "no.", "remedy": "Ask for something else."}


def test_a_bug_in_a_part_is_shown_and_the_feeding_goes_on(widget: Sent, part: CountingPart) -> None:
    widget.hear({"kind": "hello"})
    part.breaks = True

    assert widget.feed()
    assert widget.took()[-1] == (None, {"kind": "problem", "text": "ZeroDivisionError: a bug", "remedy": ""})


def test_only_modules_of_the_widget_are_handed_out(widget: Sent) -> None:
    widget.hear({"kind": "code", "bundle": "../../errors"}, part="")
    widget.hear({"kind": "code"}, part="")

    assert [body["kind"] for _, body in widget.took()] == ["problem", "code"]


def test_the_mimebundle_carries_view_picture_and_text(widget: Sent, part: CountingPart) -> None:
    part.count = 8

    data, _ = widget._repr_mimebundle_()

    assert data["text/html"] == "<b>8</b>"
    assert data["text/plain"] == "8"
    assert widget.picture == "<b>8</b>"
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view == {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}


def test_a_closed_widget_is_gone_from_ipywidgets_registry_and_says_so_once(part: CountingPart) -> None:
    before = len(registry._instances)
    widget = Sent(part, StoppedPump())
    widget.hear({"kind": "hello"})
    widget.took()

    widget.close()
    widget.close()

    assert widget.took() == [(None, {"kind": "closed", "call": "recq.loader()"})]
    assert len(registry._instances) == before
