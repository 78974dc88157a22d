"""Fifty re-runs of a widget's cell and a closed session leave no thread, comm or model of ipywidgets behind."""

from __future__ import annotations

import gc
import threading

from ipywidgets.widgets import widget as registry  # type: ignore[import-untyped]  # ships no types

from recq_nb import Session
from recq_nb.widgets.gallery import KEPT
from tests.domains import todo_list


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
