"""Outcomes of recent commands by id, so that a repeated command is answered instead of run again."""

from __future__ import annotations

from collections import OrderedDict

from recq_nb.errors import Rejection
from recq_nb.modeling.gateway import Confirmation

Outcome = Confirmation | Rejection


class RecentOutcomes:
    """The newest outcomes, bounded; older ones are found in the store."""

    def __init__(self, capacity: int = 65_536) -> None:
        self._capacity = capacity
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()

    def remember(self, command_id: str, outcome: Outcome) -> None:
        """Keep the first outcome of a command."""
        self._outcomes[command_id] = outcome
        if len(self._outcomes) > self._capacity:
            self._outcomes.popitem(last=False)

    def find(self, command_id: str) -> Outcome | None:
        """The outcome of a command, if it is recent."""
        return self._outcomes.get(command_id)

    def clear(self) -> None:
        """Forget all of them."""
        self._outcomes.clear()
