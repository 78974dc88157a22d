"""The watchdog: says who keeps the engine busy, when somebody does."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 2.0
_PACKAGE = str(Path(__file__).resolve().parent.parent)


class Watchdog:
    """Asks the engine for a sign of life now and then; if none comes, names the function it is stuck in.

    Only plain aggregate handlers and code between two awaits of async handlers run on the engine; both must be quick.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, thread: threading.Thread, warn: Callable[[str], None]) -> None:
        self._loop = loop
        self._engine_thread = thread
        self._warn = warn
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="recq-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watch."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(PATIENCE_SECONDS):
            alive = threading.Event()
            try:
                self._loop.call_soon_threadsafe(alive.set)
            except RuntimeError:  # the loop is closed
                return
            if alive.wait(PATIENCE_SECONDS) or self._stopped.is_set():
                continue
            self._warn(
                f"the engine has been busy for more than {PATIENCE_SECONDS:.0f} s in {self._culprit()}; nothing else "
                "in this session can go on meanwhile. Await in async handlers instead of blocking; move slow work "
                "into a service with a plain `def`, which runs on a thread of its own."
            )
            while not alive.wait(PATIENCE_SECONDS):
                if self._stopped.is_set():
                    return

    def _culprit(self) -> str:
        """The innermost function on the engine thread that is the modeller's own, or failing that, anybody's."""
        frame = sys._current_frames().get(self._engine_thread.ident or 0)  # noqa: SLF001  the only way to look
        if frame is None:
            return "something that has just ended"
        stack = traceback.extract_stack(frame)
        own = [entry for entry in stack if not entry.filename.startswith((_PACKAGE, sys.prefix, sys.base_prefix))]
        entry = (own or stack)[-1]
        return f"{entry.name} ({Path(entry.filename).name}, line {entry.lineno})"
