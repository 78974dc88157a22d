"""What pyproject.toml asks for is what the package imports, and what the lock files hold."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from typing import cast

from tests.architecture.repository import PACKAGE, ROOT, project

# Needed, though no line imports them.
UNIMPORTED = {
    "ipywidgets": "anywidget's widgets are its widgets; the bound is ours",
    "ipykernel": "runs the cells",
    "pytz": "DuckDB needs it to hand out timestamps with a time zone",
}
# Imported, though not asked for by name.
CARRIED = {
    "pydantic-core": "comes with pydantic, whose errors live there",
    "polars": "optional: recq.sql(...).pl() asks for it only when called",
}
# Asked for by a room; not missed before the room is there.
ROOMS = {"anywidget": "widgets", "networkx": "flow/application_graph.py"}


def test_the_package_imports_what_it_asks_for_and_asks_for_what_it_imports() -> None:
    asked = {_name(requirement) for requirement in _requirements()}
    imported = _imported()

    unused = asked - imported - UNIMPORTED.keys()

    assert imported - asked - CARRIED.keys() == set()
    assert {name for name in unused if name not in ROOMS or (PACKAGE / ROOMS[name]).exists()} == set()


def test_a_reason_is_given_only_where_it_is_needed() -> None:
    asked = {_name(requirement) for requirement in _requirements()}
    imported = _imported()

    assert UNIMPORTED.keys() - (asked - imported) == set()


def test_the_lock_files_hold_everything_asked_for() -> None:
    table = cast("dict[str, dict[str, list[str | dict[str, str]]]]", project())
    groups = table["dependency-groups"]
    lab = {*_requirements(), *_extras()["lab"]}
    dev = {entry for group in ("dev", "build") for entry in groups[group] if isinstance(entry, str)}

    for lock, wanted in (("requirements-lab.lock", lab), ("requirements-dev.lock", lab | dev)):
        held = {_name(line) for line in re.findall(r"^[\w.-]+==", (ROOT / lock).read_text(), re.MULTILINE)}
        assert {_name(requirement) for requirement in wanted} - held == set(), f"run make lock: {lock}"


def _requirements() -> list[str]:
    return cast("dict[str, list[str]]", project()["project"])["dependencies"]


def _extras() -> dict[str, list[str]]:
    return cast("dict[str, dict[str, list[str]]]", project()["project"])["optional-dependencies"]


def _imported() -> set[str]:
    modules: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.partition(".")[0])
    distributions = packages_distributions()
    return {_name(distributions.get(module, [module])[0]) for module in modules - sys.stdlib_module_names - {"recq_nb"}}


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match is not None
    return match[0].lower().replace("_", "-")
