"""Testing models: given/when/then specifications, and time and ids under a test's control."""

from __future__ import annotations

from recq_nb.testing.clock import START, ManualClock, SequentialIds
from recq_nb.testing.failure import SpecificationFailure
from recq_nb.testing.specification import Specification, scheduled, specification

__all__ = [
    "START",
    "ManualClock",
    "SequentialIds",
    "Specification",
    "SpecificationFailure",
    "scheduled",
    "specification",
]
