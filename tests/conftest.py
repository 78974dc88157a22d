"""What every test relies on: the order of the rooms."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent

# The quickest rooms speak first. The browser comes last: its driver keeps an event loop running in the main thread
# until the session ends, and no other test could start one of its own.
ROOMS = ("architecture", "unit", "contracts", "integration", "notebooks", "ui")

hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def _room(item: pytest.Item) -> int:
    return next((place for place, room in enumerate(ROOMS) if room in item.path.relative_to(ROOT).parts), 0)


def pytest_configure(config: pytest.Config) -> None:
    # Coverage has started. nbval would start it in the kernels of the notebooks as well, and wait for an answer that
    # ipykernel 7 does not give it.
    config.option.cov_source = None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_room)
