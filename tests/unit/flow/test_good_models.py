"""Good models have no findings: shipped notebooks, the domains of the tests, and the passing examples of all rules."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

import recq_nb
from recq_nb.flow.lint.linting import lint
from recq_nb.flow.lint.rules import RULES
from recq_nb.flow.sources.files import read_sources
from recq_nb.flow.sources.source import Source
from recq_nb.modeling.component import component_declaration
from recq_nb.modeling.injection import InjectionSources
from recq_nb.modeling.payload_definition import is_payload_class
from recq_nb.modeling.registration import define

ROOT = Path(__file__).parents[3]
AWKWARD = Path(__file__).parent / "awkward_components.txt"
MODELS = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "tests" / "domains").glob("*.py"))]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_nothing_is_found_in_a_good_model(path: Path) -> None:
    assert list(map(str, lint(read_sources(path)))) == []


def test_awkward_is_not_wrong_only_a_gateway_kept_on_self_is() -> None:
    findings = lint([Source(AWKWARD.read_text(), "awkward.py", "awkward")])

    assert [one.rule for one in findings] == ["RECQ013", "RECQ013"]


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if "## Fine" in rule.page])
def test_the_passing_example_of_a_rule_can_be_registered(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"## Fine\n\n```python\n(.*?)```", RULES[name].page, re.DOTALL)
    assert found is not None
    module = types.ModuleType("example")
    monkeypatch.setitem(sys.modules, "example", module)
    monkeypatch.setitem(sys.modules, "outbox", types.ModuleType("outbox"))
    vars(module).update({public: getattr(recq_nb, public) for public in recq_nb.__all__})
    if (
        "datetime" in found.group(1)
        and "import datetime" not in found.group(1)
        and "from datetime" not in found.group(1)
    ):
        exec("from datetime import datetime", vars(module))

    exec(found.group(1), vars(module))

    own = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == "example"]
    defined = define([one for one in own if component_declaration(one) or is_payload_class(one)], InjectionSources())
    assert defined.names
