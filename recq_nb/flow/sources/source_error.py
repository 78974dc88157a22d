"""What goes wrong before anything is read from a source."""

from __future__ import annotations

from recq_nb.errors import RecqError


class SourceError(RecqError):
    """A path that names no source: nothing there, or neither Python nor a notebook."""
