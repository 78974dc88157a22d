"""The frame pump: brings news to the pages that look, at most twenty times a second."""

from __future__ import annotations

import threading
from typing import Protocol

INTERVAL_SECONDS = 0.05
"""Between two rounds: twenty frames a second."""
IDLE_ROUNDS = 40
"""Rounds without any page after which the thread ends; a page that looks starts it again."""


class Fed(Protocol):
    """What a pump feeds."""

    def feed(self) -> bool:
        """Send what is new; False once no page looks any more."""


class FramePump:
    """One thread for all widgets of a session, there only while a page looks at one of them."""

    def __init__(self) -> None:
        self._fed: dict[int, Fed] = {}
        self._changing = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def attach(self, fed: Fed) -> None:
        """Feed this from now on, until it says that nobody looks."""
        with self._changing:
            if self._stopping.is_set():
                return
            self._fed[id(fed)] = fed
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="recq-widgets", daemon=True)
                self._thread.start()

    def detach(self, fed: Fed) -> None:
        """Stop feeding this."""
        with self._changing:
            self._fed.pop(id(fed), None)

    def close(self) -> None:
        """Stop for good; returns when the thread has ended."""
        self._stopping.set()
        with self._changing:
            thread, self._thread = self._thread, None
            self._fed.clear()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        idle = 0
        while not self._stopping.wait(INTERVAL_SECONDS):
            with self._changing:
                fed = list(self._fed.values())
            for one in fed:
                if not _fed(one):
                    self.detach(one)
            idle = 0 if fed else idle + 1
            if idle >= IDLE_ROUNDS:
                with self._changing:
                    if not self._fed:
                        self._thread = None
                        return


def _fed(one: Fed) -> bool:
    try:
        return one.feed()
    except Exception:  # noqa: BLE001  border: what cannot be told is let go, and the other widgets are fed on
        return False
