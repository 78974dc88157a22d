"""Which events led to an event, and which came of it, as far as the log and the recorded steps tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from recq_nb.ports.flow_listener import FlowStep
from recq_nb.ports.system_state_store import StoredEvent

_DEEPEST = 100


class RelatedEvent(NamedTuple):
    """An event of the same flow.

    Attributes:
        event: It.
        relation: ``"cause"``, ``"effect"``, or ``"same flow"`` where nothing tells which.
        steps: Events between, this one included; 1 for the nearest.
        via: The command by which one led to the other; ``""`` where it is not known.
    """

    event: StoredEvent
    relation: str
    steps: int
    via: str


def related_events(
    sequence_number: int, flow: Sequence[StoredEvent], recorded: Sequence[FlowStep]
) -> list[RelatedEvent]:
    """What the other events of a flow are to one of them, in the order of the log.

    Commands are not in the log: which event led to a command is known from the command's id where a saga or observer
    sent it, and otherwise from the steps recorded since the session began.

    Args:
        sequence_number: The event.
        flow: Every event with its correlation id.
        recorded: Steps of that flow.
    """
    parents = _parents(flow, recorded)
    by_number = {stored.sequence_number: stored for stored in flow}
    found: list[RelatedEvent] = []
    for stored in flow:
        number = stored.sequence_number
        if number == sequence_number:
            continue
        below, above = _distance(number, sequence_number, parents), _distance(sequence_number, number, parents)
        if below:
            found.append(RelatedEvent(stored, "effect", below, parents[number][1]))
        elif above:
            child = sequence_number
            while parents[child][0] != number:
                child = parents[child][0]
            found.append(RelatedEvent(by_number[number], "cause", above, parents[child][1]))
        else:
            found.append(RelatedEvent(stored, "same flow", 0, ""))
    return found


def _distance(number: int, ancestor: int, parents: Mapping[int, tuple[int, str]]) -> int:
    """How many events up from one another is; 0 where it is none of its causes."""
    for steps in range(1, _DEEPEST):
        known = parents.get(number)
        if known is None:
            return 0
        number = known[0]
        if number == ancestor:
            return steps
    return 0


def _parents(flow: Sequence[StoredEvent], recorded: Sequence[FlowStep]) -> dict[int, tuple[int, str]]:
    """The event that led to each event, and the command by which it did."""
    numbers = {stored.record.event_id: stored.sequence_number for stored in flow}
    messages = {step.message.message_id: step.message for step in recorded}
    found: dict[int, tuple[int, str]] = {}
    for stored in flow:
        cause, via = stored.record.causation_id, ""
        for _ in range(_DEEPEST):
            if cause in numbers or not cause:
                break
            derived = _derived_from(cause, numbers)
            if derived:
                via, cause = via or cause.rsplit(":", 1)[-1], derived
            elif cause in messages:
                via = via or messages[cause].name
                cause = messages[cause].causation_id if messages[cause].causation_id != cause else ""
            else:
                break
        if cause in numbers and numbers[cause] < stored.sequence_number:
            found[stored.sequence_number] = (numbers[cause], via)
    return found


def _derived_from(command_id: str, numbers: Mapping[str, int]) -> str:
    """The event id in a command id that a consumer derived: ``consumer:event:position:Command``."""
    parts = command_id.rsplit(":", 3)
    return parts[1] if len(parts) == 4 and parts[1] in numbers else ""  # noqa: PLR2004  the parts named above
