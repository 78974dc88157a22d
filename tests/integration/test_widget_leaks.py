"""Widgets that were closed, and those of a closed session, leave no thread, comm, model, cursor or session behind."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable

import pytest
from ipywidgets.widgets import widget as registry  # type: ignore[import-untyped]  # ships no types

from recq_nb import Session
from recq_nb.widgets.gallery import KEPT
from recq_nb.widgets.protocol.envelope import Body
from recq_nb.widgets.widget import RecqWidget
from tests.domains import todo_list
from tests.domains.todo_list import TodoListCreateCommand
from tests.waiting import PATIENCE

PARTS = ("graph", "flow", "console", "events", "consumers", "catalog", "performance")
PAGES = ("left", "right", "below")
HELLO: Body = {"kind": "hello"}
WORK: tuple[tuple[str, Body], ...] = (
    *((part, HELLO) for part in PARTS),
    ("events", {"kind": "find", "filter": {}}),
    ("events", {"kind": "as_of", "number": 2, "aggregate": "", "table": ""}),
    ("consumers", {"kind": "act", "action": "pause", "consumer": "TodoListProjector", "sequence_number": None}),
    ("console", {"kind": "ids", "name": "TodoListCreateCommand"}),
)


class Heard:
    """A widget's frames; every intent is awaited."""

    def __init__(self, widget: RecqWidget) -> None:
        self._answered = threading.Semaphore(0)
        widget.send = self._arrive  # goes with the widget
        for page in PAGES:
            for number, (part, body) in enumerate(WORK):
                given = {**body, "confirmed": True} if body["kind"] == "act" else body
                intent = {"intent": number, "part": part, "page": page, "body": given}
                widget._arrived(widget, intent, [])
                assert self._answered.acquire(timeout=PATIENCE)

    def _arrive(self, content: dict[str, object], _buffers: object = None) -> None:
        if content["answers"] is not None:
            self._answered.release()


def _working() -> list[str]:
    return sorted(one.name for one in threading.enumerate() if one.name.startswith(("recq-widgets", "recq-events")))


def _once(reached: Callable[[], bool]) -> None:
    """Return once threads that have nothing left to do are gone."""
    patience = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        gc.collect()
        if reached():
            return
        patience.wait(0.02)
    raise AssertionError("it has not come about")


def _feeding() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "recq-widgets"]


def test_fifty_re_runs_of_every_picture_keep_a_bounded_number_and_closing_the_session_all_of_none() -> None:
    before = set(registry._instances)
    with Session() as session:
        session.register(todo_list)
        for _ in range(50):
            session.catalog()
            session.flow()

        # A widget and its layout.
        assert len(set(registry._instances) - before) <= 2 * (KEPT + 1)
        assert _feeding() == []
    gc.collect()

    assert set(registry._instances) - before == set()


def test_the_feeding_thread_lives_while_a_page_looks_and_ends_with_the_session() -> None:
    with Session() as session:
        session.register(todo_list)
        widget = session.catalog()
        widget._arrived(widget, {"intent": 1, "part": "catalog", "page": "p", "body": {"kind": "hello"}}, [])

        assert _feeding() == ["recq-widgets"]

    assert _feeding() == []


def test_widgets_in_several_pages_that_are_closed_leave_nothing_of_them_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recq_nb.widgets.frame_pump.IDLE_ROUNDS", 2)
    before = set(registry._instances)
    with Session() as session:
        session.register(todo_list)
        for name in ("a", "b"):
            session.send(TodoListCreateCommand(identifier=name, name=name)).result()
        session.as_of(1)
        cursors = len(session._database._cursors)
        widgets = [session.dashboard() for _ in range(3)]
        for widget in widgets:
            Heard(widget)
        assert "recq-widgets" in _working()

        gone = [weakref.ref(widget) for widget in widgets]
        for widget in widgets:
            widget.close()
        del widgets, widget

        assert set(registry._instances) - before == set()
        _once(lambda: all(one() is None for one in gone))
        _once(lambda: _working() == [])
        _once(lambda: len(session._database._cursors) <= cursors)


def test_a_widget_in_sight_of_a_closed_session_keeps_its_picture_and_nothing_of_the_session() -> None:
    session = Session()
    session.register(todo_list)
    widget = session.dashboard()
    Heard(widget)
    gone = weakref.ref(session)

    session.close()
    del session

    assert "TodoListCreateCommand" in widget.current_picture().html
    assert _working() == []
    _once(lambda: gone() is None)
    widget.close()
