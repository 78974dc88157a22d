"""The adapters that must keep the ports' promises. A new one registers a factory here and passes the same suites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from recq_nb.adapters.duckdb import known, system_state_store
from recq_nb.adapters.duckdb.consumer_state_store import DuckDbConsumerStateStore
from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.adapters.duckdb.scheduled_command_store import DuckDbScheduledCommandStore
from recq_nb.adapters.duckdb.snapshot_store import DuckDbSnapshotStore
from recq_nb.adapters.duckdb.system_state_store import DuckDbSystemStateStore
from recq_nb.ports.consumer_state_store import ConsumerStateStore
from recq_nb.ports.scheduled_command_store import ScheduledCommandStore
from recq_nb.ports.snapshot_store import SnapshotStore
from recq_nb.ports.system_state_store import SystemStateStore


@dataclass(frozen=True)
class Stores:
    """One opened set of stores that belong together."""

    log: SystemStateStore
    snapshots: SnapshotStore
    consumer_states: ConsumerStateStore
    schedules: ScheduledCommandStore


OpenStores = Callable[[], AbstractContextManager[Stores]]
"""Opens the same stores again and again; what is durable must still be there."""


@dataclass(frozen=True)
class StoreAdapter:
    """A way to keep the system state.

    Attributes:
        open: Makes the opener for a folder of its own.
        durable: Whether what it keeps outlives its closing.
    """

    open: Callable[[Path], OpenStores]
    durable: bool


@contextmanager
def _duckdb(path: Path | None) -> Iterator[Stores]:
    database = DuckDbDatabase(path)
    log = DuckDbSystemStateStore(database)
    try:
        yield Stores(
            log,
            DuckDbSnapshotStore(database),
            DuckDbConsumerStateStore(database, log.flush),
            DuckDbScheduledCommandStore(database),
        )
    finally:
        log.close()
        database.close()


@contextmanager
def _forgetful_duckdb(path: Path) -> Iterator[Stores]:
    """A log far larger than what is remembered of it, without writing one."""
    with patch.object(known, "LIMIT", 3), patch.object(system_state_store, "LIMIT", 3), _duckdb(path) as stores:
        yield stores


STORE_ADAPTERS: dict[str, StoreAdapter] = {
    "duckdb in memory": StoreAdapter(lambda _: lambda: _duckdb(None), durable=False),
    "duckdb in a file": StoreAdapter(lambda folder: lambda: _duckdb(folder / "store.duckdb"), durable=True),
    "duckdb in a large file": StoreAdapter(
        lambda folder: lambda: _forgetful_duckdb(folder / "store.duckdb"), durable=True
    ),
}
