"""The composition root: the one place that chooses adapters and puts a runtime on them."""

from __future__ import annotations

import sys
from typing import NamedTuple

from recq_nb.adapters.duckdb.consumer_state_store import DuckDbConsumerStateStore
from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.adapters.duckdb.scheduled_command_store import DuckDbScheduledCommandStore
from recq_nb.adapters.duckdb.snapshot_store import DuckDbSnapshotStore
from recq_nb.adapters.duckdb.system_state_store import DuckDbSystemStateStore
from recq_nb.adapters.local.clock import SystemClock, UniqueIdSource
from recq_nb.adapters.local.message_transport import LocalMessageTransport
from recq_nb.ports.clock import Clock, IdSource
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.runtime import Adapters, Limits, Runtime


class Composition(NamedTuple):
    """A runtime and the log it stands on."""

    log: DuckDbSystemStateStore
    runtime: Runtime


def compose(database: DuckDbDatabase, limits: Limits, clock: Clock | None, ids: IdSource | None) -> Composition:
    """A runtime on one DuckDB database, with the machine's clock and unique ids unless told otherwise."""
    log = DuckDbSystemStateStore(database)
    adapters = Adapters(
        log,
        DuckDbSnapshotStore(database),
        DuckDbConsumerStateStore(database, log.flush),
        DuckDbScheduledCommandStore(database),
        LocalMessageTransport(),
        clock if clock is not None else SystemClock(),
        ids if ids is not None else UniqueIdSource(),
    )
    return Composition(log, Runtime(adapters, limits, warn))


def abandon(engine: Engine, database: DuckDbDatabase) -> None:
    """Let go of a session that nobody closed, when the interpreter exits.

    Its worker threads are gone by then, so nothing can be finished any more; what was confirmed is stored.
    """
    if engine.forked:  # the file is the parent process's to close
        return
    engine.abandon()
    database.abandon()


def warn(text: str) -> None:
    """Say what went wrong beside the work, where a reader of the notebook sees it."""
    print(f"recq: {text}", file=sys.stderr)  # noqa: T201  the kernel's stderr is the cell's
