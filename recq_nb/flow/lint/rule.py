"""Rule: a check of a model, with its id, severity, reason and page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

from recq_nb.flow.finding import Severity
from recq_nb.flow.reading.model import Model
from recq_nb.flow.reading.reader import Reader
from recq_nb.flow.sources.source import Position


class Scope(Enum):
    """What a rule must have seen to speak."""

    DEFINITION = "definition"
    """One class at a time: it can speak while the model is still being written."""
    MODEL = "model"
    """All of it: who handles what somebody sends, and whether a class that may still grow has all it needs."""


@dataclass(frozen=True)
class Subject:
    """What rules look at."""

    model: Model
    reader: Reader

    @cached_property
    def is_beyond_commands(self) -> bool:
        """Whether there is any consumer yet."""
        return any(
            str(component.kind) in {"projector", "saga", "observer"} for component in self.model.components.values()
        )


Report = tuple[Position, str, str]
"""Where, what, and what to do."""
Check = Callable[[Subject], Iterable[Report]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule about models.

    Attributes:
        title: What is wrong, in a few words.
        confines: It guards confinement: strict mode refuses what it finds.
    """

    id: str
    severity: Severity
    title: str
    scope: Scope
    check: Check
    confines: bool = False

    @property
    def page(self) -> str:
        """Its documentation: reason, remedy, an example that fails and one that passes."""
        return (Path(__file__).parent / "pages" / f"{self.id}.md").read_text(encoding="utf-8")

    @property
    def reason(self) -> str:
        """Why it is a rule."""
        return " ".join((self.check.__doc__ or "").split())


class RuleGroup:
    """Rules about one subject; a decorator adds one."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def rule(
        self,
        rule_id: str,
        severity: Severity,
        title: str,
        *,
        scope: Scope = Scope.DEFINITION,
        confines: bool = False,
    ) -> Callable[[Callable[[Subject], Iterator[Report]]], Callable[[Subject], Iterator[Report]]]:
        """Make a rule of a check; its docstring is the reason."""

        def add(check: Callable[[Subject], Iterator[Report]]) -> Callable[[Subject], Iterator[Report]]:
            self.rules.append(Rule(rule_id, severity, title, scope, check, confines))
            return check

        return add
