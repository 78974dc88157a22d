"""Fixtures: the stores of every adapter, opened once a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.adapters import STORE_ADAPTERS, OpenStores, Stores


@pytest.fixture(params=STORE_ADAPTERS)
def open_stores(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStores:
    """Opens the stores of one adapter."""
    return STORE_ADAPTERS[request.param].open(tmp_path)


@pytest.fixture(params=[name for name, adapter in STORE_ADAPTERS.items() if adapter.durable])
def open_durable_stores(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStores:
    """Opens the stores of one adapter that keeps what it is given."""
    return STORE_ADAPTERS[request.param].open(tmp_path)


@pytest.fixture
def stores(open_stores: OpenStores) -> Iterator[Stores]:
    """Open, empty stores."""
    with open_stores() as opened:
        yield opened
