"""What becomes of an exception a handler raises."""

from __future__ import annotations

import asyncio
import sys
import traceback
from contextvars import Context
from pathlib import Path
from types import TracebackType

from recq_nb.errors import HandlerResultError, RecqError
from recq_nb.modeling.legible_text import legible

LONGEST_ANNOUNCED = 2_000
"""Characters of an error that are printed at the cell; all of it is in ``recq.dead_events``."""
_PACKAGE = str(Path(__file__).parent.parent)


def annotate(error: BaseException, handler_label: str, payload_name: str) -> Exception:
    """Add a note that names the handler to a bug in it; errors of this package speak for themselves.

    The note is added once, however often the exception travels on, and its traceback begins at the handler. What would
    end the thread or loop it passes through (``SystemExit`` and its like) becomes a ``HandlerResultError``: a handler
    ends itself, never the session.
    """
    if isinstance(error, RecqError):
        return error
    if not isinstance(error, Exception):
        contained = HandlerResultError(
            f"{handler_label} raised {type(error).__name__} while handling {payload_name}; a handler returns, rejects, "
            "or fails with an ordinary exception.",
            remedy="Refuse a command with reject(code, text); raise an exception of your own for a failure.",
        )
        contained.__cause__ = error
        return contained
    error.__traceback__ = _from_handler(error.__traceback__)
    note = f"raised by {handler_label} while handling {payload_name}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
    return error


def _from_handler(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without the frames of this package that called the handler; whole where there are no others."""
    first = trace
    while first is not None and first.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        first = first.tb_next
    return first if first is not None else trace


def is_being_cancelled() -> bool:
    """Whether the current task was told to stop from outside; a handler may raise ``CancelledError`` by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def announce_dead_event(error: BaseException, handler_label: str, event: str, component: str, context: Context) -> None:
    """Tell whoever caused an event, at the place of its cause, that a consumer has given up on it.

    Args:
        error: What its handler failed with.
        handler_label: The handler.
        event: The event's name and place.
        component: The consumer's component.
        context: Context variables of the sender: in a notebook, the text appears at the cell that sent.
    """
    said = str(error)
    if len(said) > LONGEST_ANNOUNCED:
        said = f"{said[:LONGEST_ANNOUNCED]}…"
    lines = [f"recq: {handler_label} cannot handle {event}: {type(error).__name__}: {said}"]
    # The innermost line that is the modeller's, not this package's; its file may be a cell, whose name says nothing.
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_PACKAGE)]
    if own:
        lines.append(f"    line {own[-1].lineno}, in {own[-1].name}: {own[-1].line}")
    lines.append(f'  → It waits in recq.dead_events_df(). Mend {component}, then call recq.redrive("{component}").')
    text = legible("\n".join(lines))
    context.copy().run(lambda: print(text, file=sys.stderr))  # noqa: T201  the kernel's stderr is the cell's
