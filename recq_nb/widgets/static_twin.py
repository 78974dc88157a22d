"""Static twins: the picture beside each live widget that a notebook keeps, for readers without a kernel.

It is an output of its own, because JupyterLab shows an error for a saved widget without a kernel, and nbconvert a
script, and neither falls back to other forms of the same output. The live view hides it, so renewing it never flashes.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Protocol

from IPython import get_ipython
from IPython.display import display, update_display

from recq_nb.widgets.part import Picture


class HasPicture(Protocol):
    """What has a twin; ``key`` names it."""

    key: str

    def current_picture(self) -> Picture:
        """The picture as of now."""


class StaticTwin:
    """Shows a picture and renews it when a cell ends and it has changed, for as long as its widget lives."""

    def __init__(self, owner: HasPicture) -> None:
        self._owner = weakref.ref(owner)
        self._key = owner.key
        self._shown = Picture("", "")
        self._shell = get_ipython()

    def show(self, view: Mapping[str, object]) -> None:
        """Show the live view and then the twin in the running cell."""
        owner = self._owner()
        if owner is None:
            return
        self._shown = owner.current_picture()
        display(view, raw=True)  # type: ignore[no-untyped-call]  # as above
        display(self._data(), raw=True, display_id=self._key)  # type: ignore[no-untyped-call]  # as above
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self.renew)

    def renew(self, _result: object = None) -> None:
        """Show it as of now, if that differs."""
        owner = self._owner()
        if owner is None:
            self.end()
            return
        picture = owner.current_picture()
        if picture != self._shown:
            self._shown = picture
            update_display(self._data(), raw=True, display_id=self._key)  # type: ignore[no-untyped-call]  # as above

    def end(self) -> None:
        """Leave it as it is from now on."""
        if self._shell is not None and self.renew in self._shell.events.callbacks["post_run_cell"]:
            self._shell.events.unregister("post_run_cell", self.renew)

    def _data(self) -> dict[str, str]:
        html = f'<div class="recq-twin recq-twin-{self._key}">{self._shown.html}</div>'
        return {"text/html": html, "text/plain": self._shown.text}
