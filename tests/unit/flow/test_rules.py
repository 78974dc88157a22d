"""Every rule finds its failing example where its page says, nothing else, and nothing in the passing twin."""

from __future__ import annotations

import re

import pytest

from recq_nb.flow.lint.linting import lint
from recq_nb.flow.lint.rule import Rule, Scope
from recq_nb.flow.lint.rules import CONFINING, RULES
from recq_nb.flow.sources.source import Source

ACROSS_MODULES = "RECQ037"
PAGED = [pytest.param(rule, id=rule.id) for rule in RULES.values() if rule.id != ACROSS_MODULES]


def _example(rule: Rule, title: str) -> str:
    found = re.search(rf"## {title}\n\n```python\n(.*?)```", rule.page, re.DOTALL)
    assert found is not None
    return found.group(1)


def _findings(text: str, scope: Scope) -> list[tuple[str, int]]:
    cell = Source(text, "model.ipynb", "model", cell=1, has_magics=True)
    return [(finding.rule, finding.position.line) for finding in lint([cell], scope=scope)]


@pytest.mark.parametrize("rule", PAGED)
def test_the_failing_example_is_found_at_its_mark_and_nothing_else(rule: Rule) -> None:
    text = _example(rule, "Found")
    marked = [number for number, line in enumerate(text.splitlines(), start=1) if "# ←" in line]

    assert _findings(text, rule.scope) == [(rule.id, marked[0])]


@pytest.mark.parametrize("rule", PAGED)
def test_nothing_is_found_in_the_passing_example(rule: Rule) -> None:
    assert _findings(_example(rule, "Fine"), rule.scope) == []


@pytest.mark.parametrize("rule", list(RULES.values()), ids=list(RULES))
def test_the_page_of_a_rule_says_what_the_rule_says(rule: Rule) -> None:
    page = " ".join(rule.page.split())

    assert page.startswith(f"# {rule.id}: {rule.title} **{rule.severity}**")
    assert rule.reason in page
    assert "**Instead.**" in page
    assert ("Strict mode refuses it." in page) == rule.confines


def test_one_name_in_two_modules_is_found_and_a_redefinition_in_a_notebook_is_not() -> None:
    text = "from recq_nb import ServiceCommand\n\nclass NotifyCommand(ServiceCommand):\n    text: str\n"
    modules = [Source(text, "one.py", "one"), Source(text, "two.py", "two")]
    cells = [Source(text, "n.ipynb", "n", cell=number, has_magics=True) for number in (1, 2)]

    assert [(one.rule, one.position.path, one.position.line) for one in lint(modules)] == [("RECQ037", "two.py", 3)]
    assert lint(cells) == []


def test_strict_mode_refuses_what_breaks_confinement() -> None:
    assert frozenset({"RECQ010", "RECQ011", "RECQ012", "RECQ014"}) == CONFINING
