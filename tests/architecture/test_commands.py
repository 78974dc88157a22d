"""The commands the texts name are the commands there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.repository import read


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", read(Path("Makefile")), re.MULTILINE))


@pytest.mark.parametrize("text", ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", ".pre-commit-config.yaml"])
def test_every_make_command_in_a_text_exists(text: str) -> None:
    named = set(re.findall(r"(?:`|^|: )make ([a-z-]+)", read(Path(text)), re.MULTILINE))

    assert named - _targets() == set()


def test_make_help_lists_every_target_a_person_calls() -> None:
    makefile = read(Path("Makefile"))
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))

    assert _targets() - explained == {"browser"}
