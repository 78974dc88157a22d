"""The session: the composition root, and what a notebook calls ``recq``."""

from __future__ import annotations

from recq_nb.session.session import MEMORY, Session
from recq_nb.session.status import SessionStatus

__all__ = ["MEMORY", "Session", "SessionStatus"]
