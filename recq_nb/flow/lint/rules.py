"""All rules, by id."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from recq_nb.flow.finding import Severity
from recq_nb.flow.lint.aggregate_rules import AGGREGATES
from recq_nb.flow.lint.component_rules import COMPONENTS
from recq_nb.flow.lint.confinement_rules import CONFINEMENT
from recq_nb.flow.lint.flow_rules import FLOWS
from recq_nb.flow.lint.payload_rules import PAYLOADS
from recq_nb.flow.lint.reaction_rules import REACTIONS
from recq_nb.flow.lint.result_rules import RESULTS
from recq_nb.flow.lint.rule import Report, Rule, RuleGroup, Subject

_SOURCES = RuleGroup()


@_SOURCES.rule("RECQ001", Severity.ERROR, "source that is no Python")
def unreadable(subject: Subject) -> Iterator[Report]:
    """What cannot be parsed cannot be read; everything else about the model may be incomplete."""
    for one in subject.reader.unreadable:
        yield one.position, f"this cannot be read as Python: {one.reason}.", "Mend the syntax."


@_SOURCES.rule("RECQ002", Severity.INFO, "suppression of nothing")
def useless_suppression(_subject: Subject) -> Iterator[Report]:
    """A comment that suppresses what is not there hides the next finding on its line from everybody."""
    return iter(())  # said by the linting itself, which alone knows what each comment has suppressed


USELESS_SUPPRESSION = "RECQ002"
"""The rule about suppressing comments."""

_GROUPS = (_SOURCES, CONFINEMENT, COMPONENTS, PAYLOADS, RESULTS, AGGREGATES, FLOWS, REACTIONS)

RULES: dict[str, Rule] = {
    rule.id: rule for rule in sorted(chain.from_iterable(group.rules for group in _GROUPS), key=lambda rule: rule.id)
}
"""Every rule by id."""

CONFINING: frozenset[str] = frozenset(rule.id for rule in RULES.values() if rule.confines)
"""Rules whose findings strict mode refuses."""
