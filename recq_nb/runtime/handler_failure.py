"""What becomes of an exception a handler raises."""

from __future__ import annotations

from recq_nb.errors import RecqError


def annotate(error: BaseException, handler_label: str, payload_name: str) -> BaseException:
    """Add a note that names the handler to a bug in it; errors of this package speak for themselves.

    The note is added once, however often the exception travels on.
    """
    if isinstance(error, RecqError):
        return error
    note = f"raised by {handler_label} while handling {payload_name}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
    return error
