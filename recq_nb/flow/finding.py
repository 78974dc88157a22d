"""Finding: a place where a model breaks a rule, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recq_nb.flow.sources.source import Position


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """It is refused at registration, or fails when it runs."""
    WARNING = "warning"
    """It runs, and goes wrong sooner or later."""
    INFO = "info"
    """It may be meant so."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where a model breaks a rule.

    Attributes:
        rule: Its id, ``RECQ050``; ``recq-nb lint --explain RECQ050`` shows its page.
        message: Who does what, and which rule that breaks.
        remedy: The next action.
    """

    position: Position
    rule: str
    severity: Severity
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.position}: {self.rule} {self.severity}: {self.message}\n  → {self.remedy}"
