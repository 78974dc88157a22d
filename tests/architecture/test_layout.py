"""The layout of the repository: every file has a room, and no file is more than one idea."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.repository import files, read, sources

LONGEST = 400
# A file of tests is a list of cases, read one at a time.
LONGEST_OF_TESTS = 600
NAMELESS = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager"}

FOLDERS = {
    ".ci",  # what runs on every change
    "benchmarks",  # peers and limits side by side
    "binder",  # what Binder needs
    "jupyter_data",  # what a wheel installs beside the package: kernelspec, JupyterLab defaults
    "notebooks",  # one idea each
    "recq_nb",  # the package
    "tests",
    "widgets",  # the TypeScript half of each widget
}
FILES = {
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml"),
    *("requirements-dev.lock", "requirements-lab.lock", ".editorconfig", ".gitignore", ".pre-commit-config.yaml"),
}
# Beside the kinds of test: domains, the models that tests of several kinds share.
# Ways to wait are shared by unit and integration tests.
TEST_ROOMS = {"unit", "contracts", "integration", "architecture", "notebooks", "ui", "domains", "waiting.py"}


def test_the_top_level_holds_what_the_architecture_names() -> None:
    folders = {path.parts[0] for path in files() if len(path.parts) > 1}
    top_level_files = {path.name for path in files() if len(path.parts) == 1}

    assert folders - FOLDERS == set()
    assert top_level_files == FILES


def test_every_test_is_in_one_of_the_rooms() -> None:
    tests = {path for path in files() if path.parts[0] == "tests" and path.name != "conftest.py"}

    assert {path for path in tests if path.parts[1] not in TEST_ROOMS} == set()


def test_unit_tests_mirror_the_package() -> None:
    tested = {path.parts[2] for path in files() if path.parts[:2] == ("tests", "unit") and len(path.parts) > 3}

    # Modules at the top are rooms too; benchmarks measure and must measure right.
    rooms = {path.with_suffix("").parts[1] for path in files() if path.parts[0] == "recq_nb"}
    assert tested - rooms <= {"benchmarks"}


def _longest(path: Path) -> int:
    return LONGEST_OF_TESTS if path.parts[0] == "tests" else LONGEST


def test_a_file_is_one_idea() -> None:
    lengths = {path: len(read(path).splitlines()) for path in sources(".py", ".ts", ".tsx")}

    assert {path: length for path, length in lengths.items() if length > _longest(path)} == {}


def test_a_module_names_its_idea() -> None:
    names = {path: {path.stem, path.parent.name} for path in sources(".py", ".ts", ".tsx")}

    assert {path for path, words in names.items() if words & NAMELESS} == set()


def test_notebooks_are_named_by_number_and_what_one_learns() -> None:
    notebooks = [path for path in files() if path.suffix == ".ipynb"]

    assert [path for path in notebooks if not re.fullmatch(r"notebooks/\d\d_[a-z0-9_]+\.ipynb", str(path))] == []
