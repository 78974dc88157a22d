"""Scale: how much work one run does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Scale:
    """How much, how often, where.

    Attributes:
        folder: Where stores are made; its disk is the one measured.
        rounds: Rounds that count; one more warms up.
        divisor: Every amount of work is divided by it.
        large: Measure growth and replay at their full size.
    """

    folder: Path
    rounds: int = 5
    divisor: int = 1
    large: bool = False

    def of(self, amount: int, at_least: int = 1) -> int:
        """An amount of work at this scale."""
        return max(amount // self.divisor, at_least)
