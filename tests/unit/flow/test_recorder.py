"""The recorder remembers the newest steps, in order, and no more than it may."""

from __future__ import annotations

from datetime import UTC, datetime

from recq_nb.flow.recorder import FlowRecorder
from recq_nb.modeling.message import InvocationMessage
from recq_nb.modeling.metadata import EMPTY_METADATA
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind


def step(number: int, correlation_id: str = "flow") -> FlowStep:
    message = InvocationMessage(
        f"m{number}", correlation_id, f"m{number}", "Invoker.call", EMPTY_METADATA, datetime(2026, 1, 1, tzinfo=UTC)
    )
    return FlowStep(FlowStepKind.SENT, number, message)


def test_steps_come_back_in_the_order_they_were_recorded() -> None:
    recorder = FlowRecorder()
    steps = [step(number) for number in range(1, 6)]
    recorder.record(steps[:2])
    recorder.record(steps[2:])
    assert recorder.since(0) == (1, steps)


def test_a_reader_gets_only_what_is_new_to_it() -> None:
    recorder = FlowRecorder()
    steps = [step(number) for number in range(1, 6)]
    recorder.record(steps)
    assert recorder.since(3) == (4, steps[3:])


def test_beyond_its_capacity_the_oldest_steps_are_forgotten_and_the_reader_sees_the_gap() -> None:
    recorder = FlowRecorder(capacity=3)
    steps = [step(number) for number in range(1, 11)]
    recorder.record(steps)
    assert recorder.since(2) == (8, steps[7:])
    assert recorder.recorded == 10


def test_a_flow_is_what_shares_its_correlation_id() -> None:
    recorder = FlowRecorder()
    mine, other = step(1, "mine"), step(2, "other")
    recorder.record([mine, other])
    assert recorder.flow("mine") == [mine]
    assert recorder.correlation_ids() == ["mine", "other"]
