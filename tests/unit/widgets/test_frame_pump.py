"""The frame pump: one widget that cannot be told anything keeps no other from its news."""

from __future__ import annotations

import threading

from recq_nb.widgets.frame_pump import FramePump
from tests.waiting import PATIENCE


class Broken:
    """Cannot be told anything."""

    def feed(self) -> bool:
        raise OSError("the page's channel is gone")


class Counted:
    """Counts how often it was fed."""

    def __init__(self) -> None:
        self.fed = 0
        self.enough = threading.Event()

    def feed(self) -> bool:
        self.fed += 1
        if self.fed == 3:
            self.enough.set()
        return True


def test_a_widget_that_cannot_be_told_is_let_go_and_the_others_are_fed_on() -> None:
    pump, counted = FramePump(), Counted()
    pump.attach(Broken())
    pump.attach(counted)

    assert counted.enough.wait(PATIENCE)

    assert list(pump._fed.values()) == [counted]
    pump.close()
