"""The state guard: notices a command handler that changes the aggregate state it was given."""

from __future__ import annotations

from pydantic_core import PydanticSerializationError

from recq_nb.modeling.state import AggregateState

LIMIT_BYTES = 4096
"""States larger than this as JSON are not compared: the comparison would cost more than the decision."""


def trace_of(state: AggregateState | None) -> bytes | None:
    """What the state looks like now; None where it is too large, or cannot be written, to be compared."""
    if state is None:
        return None
    try:
        trace = state.__pydantic_serializer__.to_json(state, warnings=False)
    except (PydanticSerializationError, ValueError):
        return None
    return trace if len(trace) <= LIMIT_BYTES else None
