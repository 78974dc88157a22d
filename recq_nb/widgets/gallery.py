"""The gallery: makes a session's widgets, feeds them by one pump, and sees to it that none is left behind."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Sequence
from typing import cast
from uuid import uuid4

from recq_nb.widgets.bundle import bundle_names
from recq_nb.widgets.frame_pump import FramePump
from recq_nb.widgets.part import Part
from recq_nb.widgets.widget import RecqWidget

KEPT = 20
"""Widgets nobody looks at that are kept; the oldest beyond are closed. One in a page is never closed."""

TABS = ("graph", "flow", "console", "events", "consumers", "catalog", "performance")
"""Parts of the dashboard, in the order of its tabs."""


class Gallery:
    """All widgets of one session.

    A part is found by its name: module ``recq_nb.widgets.NAME_part`` has a function ``part_for(session)``.
    """

    def __init__(self, session: object) -> None:
        self._session = session
        self._name = uuid4().hex
        self._pump = FramePump()
        self._widgets: list[RecqWidget] = []
        self._changing = threading.Lock()

    def part(self, name: str) -> Part:
        """A new part of this name."""
        module = importlib.import_module(f"recq_nb.widgets.{name}_part")
        return cast("Callable[[object], Part]", module.part_for)(self._session)

    def show(self, bundle: str, parts: Sequence[str | Part] = ()) -> RecqWidget:
        """A new widget; it shows the part of its own name unless told which."""
        shown = [self.part(part) if isinstance(part, str) else part for part in parts or (bundle,)]
        widget = RecqWidget(shown, self._pump, bundle, self._name, self._forget)
        with self._changing:
            self._widgets.append(widget)
            unwatched = [one for one in self._widgets if not one.watched]
            closing = unwatched[: max(len(unwatched) - KEPT, 0)]
            self._widgets = [one for one in self._widgets if one not in closing]
        for one in closing:
            one.close()
        return widget

    def _forget(self, widget: RecqWidget) -> None:
        with self._changing:
            self._widgets = [one for one in self._widgets if one is not widget]

    def dashboard(self) -> RecqWidget:
        """A new widget with a tab for every part."""
        built = bundle_names()
        return self.show("dashboard", [name for name in TABS if name in built])

    def close(self) -> None:
        """The session is closed: widgets in a page say so and keep their last picture, others go."""
        with self._changing:
            widgets, self._widgets = self._widgets, []
        for widget in widgets:
            if widget.watched:
                widget.end()
            else:
                widget.close()
        self._pump.close()
