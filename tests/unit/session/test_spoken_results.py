"""What a session's results say when they are a cell's last expression."""

from __future__ import annotations

from recq_nb import Session
from recq_nb.session.consumer_control import Redriven, Redrives
from tests.domains import tally


def test_a_session_counts_what_it_has_in_words() -> None:
    with Session() as session:
        session.register(tally.TallyProjector)
        assert repr(session) == "<Session('memory'): 0 events, 1 component, 3 payloads>"


def test_dead_events_that_were_handled_again_are_told_in_a_sentence() -> None:
    handled, failed = Redriven("Reader_1_*", 2, ""), Redriven("Reader_1_*", 3, "ValueError: no")

    assert repr(Redrives()) == "no dead event to handle again"
    assert repr(Redrives((handled,))) == "1 of 1 dead event handled"
    assert repr(Redrives((handled, failed))) == (
        "1 of 2 dead events handled\n  event 3 of Reader_1_* failed again: ValueError: no"
    )
