"""A reader counts everything there was, and lists the newest."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from recq_nb.flow.flow_reader import FlowReader
from recq_nb.flow.recorder import FlowRecorder, route_of
from recq_nb.modeling.message import InvocationMessage
from recq_nb.modeling.metadata import EMPTY_METADATA
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind

AT = datetime(2026, 1, 1, tzinfo=UTC)


def step(number: int, sender: str) -> FlowStep:
    message = InvocationMessage(f"m{number}", "c", f"m{number}", "Invoker.call", EMPTY_METADATA, AT, sender)
    return FlowStep(FlowStepKind.SENT, number, message)


@given(
    st.lists(
        st.one_of(
            st.lists(st.sampled_from("AB"), min_size=1, max_size=9),  # who sends something
            st.integers(0, 12),  # a look that lists so many
        ),
        max_size=20,
    ),
    st.integers(1, 6),
)
def test_whatever_is_recorded_between_two_looks_is_counted_once_and_the_newest_are_listed(
    doings: list[list[str] | int], capacity: int
) -> None:
    recorder = FlowRecorder(capacity)
    reader = FlowReader(recorder)
    new: list[FlowStep] = []
    number = 0
    for doing in [*doings, 12]:
        if isinstance(doing, list):
            steps = [step(number + place, sender) for place, sender in enumerate(doing, start=1)]
            number += len(steps)
            recorder.record(steps)
            new += steps
        else:
            news = reader.look(doing)
            assert (news.number, news.routes) == (number, Counter(map(route_of, new)))
            assert news.steps == new[-min(doing, capacity) :][: min(doing, capacity)]
            assert news.first == number - len(news.steps) + 1
            new = []


def test_readers_do_not_disturb_each_other() -> None:
    recorder = FlowRecorder()
    early, late = FlowReader(recorder), FlowReader(recorder)
    recorder.record([step(1, "A")])
    assert early.look(5).steps == [step(1, "A")]
    recorder.record([step(2, "A")])

    assert early.look(5).steps == [step(2, "A")]
    assert late.look(5).routes.total() == 2
