"""Results: one measured figure of ours beside the peer's, and whether its budget is met."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a figure counts."""

    PER_SECOND = "/s"
    SECONDS = "s"
    BYTES = "B"

    def shown(self, value: float) -> str:
        """The figure as a person reads it."""
        match self:
            case Unit.PER_SECOND:
                return f"{value:,.0f}/s"
            case Unit.SECONDS:
                return shown_seconds(value)
            case Unit.BYTES:
                return f"{value:,.0f} B"


def shown_seconds(seconds: float) -> str:
    """Seconds in the unit that leaves few digits."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


@dataclass(frozen=True, slots=True)
class Limit:
    """What a ratio, or a figure by itself, has to keep.

    Attributes:
        at_least: Lower bound; None for none.
        at_most: Upper bound; None for none.
    """

    at_least: float | None = None
    at_most: float | None = None

    def kept_by(self, value: float) -> bool:
        """Whether the value is within the bounds."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the table.

    Attributes:
        budget: ``B1`` …
        what: What was done.
        unit: Of both figures.
        ours: The median over the rounds.
        peer: The peer's, or what ours is compared with.
        versus: Who the peer is.
        ratio: Ours to the peer's: the median of the rounds' ratios, not the ratio of the medians.
        limit: Of the ratio, or of the figure itself where there is no peer; None where the row is there to be read.
        fsync: Seconds one fdatasync took meanwhile, where ours writes a file.
        note: Why there are no figures.
    """

    budget: str
    what: str
    unit: Unit = Unit.PER_SECOND
    ours: float | None = None
    peer: float | None = None
    versus: str = ""
    ratio: float | None = None
    limit: Limit | None = None
    fsync: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the budget is met; None where there is none or nothing was measured."""
        value = self.ratio if self.peer is not None else self.ours
        if self.limit is None or value is None:
            return None
        return self.limit.kept_by(value)

    @property
    def shown_limit(self) -> str:
        """The budget as a person reads it."""
        if self.limit is None:
            return ""
        bound = self.limit.at_least if self.limit.at_least is not None else self.limit.at_most
        assert bound is not None
        sign = "≥" if self.limit.at_least is not None else "≤"
        return (
            f"{sign} {bound:g} x" if self.peer is not None or self.ours is None else f"{sign} {self.unit.shown(bound)}"
        )
