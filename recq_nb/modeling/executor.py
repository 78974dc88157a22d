"""Named executors: how many handlers of parallel consumers run at once, and which of them keep an order."""

from __future__ import annotations

from dataclasses import dataclass

from recq_nb.errors import ComponentDefinitionError


@dataclass(frozen=True, slots=True)
class ExecutorDefinition:
    """A budget of handlers, shared by everything that names it.

    Attributes:
        width: Handlers that run at once.
        partitioned: Whether events of one aggregate are handled one after the other, in order.
    """

    width: int
    partitioned: bool


def pooled(width: int) -> ExecutorDefinition:
    """An executor that runs up to ``width`` handlers at once, in no order."""
    return _checked(width, partitioned=False)


def partitioned(lanes: int) -> ExecutorDefinition:
    """An executor with so many lanes; an aggregate's events share a lane, so they stay in order."""
    return _checked(lanes, partitioned=True)


def _checked(width: int, *, partitioned: bool) -> ExecutorDefinition:
    if width < 1:
        raise ComponentDefinitionError(
            f"an executor of width {width} would run nothing.", remedy="Give it a width of at least 1."
        )
    return ExecutorDefinition(width, partitioned)
