"""One open DuckDB database: its file lock, its connections, its writer and reader threads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import duckdb

from recq_nb.adapters.duckdb import schema
from recq_nb.adapters.duckdb.failures import opening_failure, translated
from recq_nb.errors import RecqError, StoreLockedError, StoreUnavailableError

T = TypeVar("T")
MEMORY = ":memory:"
_CLOSING_SECONDS = 10.0
CONNECTION_TYPE: type = duckdb.DuckDBPyConnection
"""The annotation by which a handler asks for the raw connection."""

_PROBE_SECONDS = 0.05
_UNSAFE_OPTIMIZERS = "late_materialization,top_n_window_elimination"
"""They find the rows of a query in one scan and fetch them, by row id, in another: ``ORDER BY … LIMIT``, for one.

A commit of somebody else may clear deleted rows away between the two scans, and so give the row ids to other rows:
the query then finds nothing, or another row.
"""

_open_files: set[Path] = set()
_open_files_lock = threading.Lock()


class DuckDbDatabase:
    """A database for one session. A cursor belongs to whoever asked for it and must be closed.

    Args:
        path: The file, or None for memory.

    Raises:
        StoreError: It cannot be opened; the error says why and what to do.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.path = None if path is None else Path(path).expanduser().absolute()
        self.name = "the in-memory store" if self.path is None else str(path)
        self.durable = self.path is not None
        self._claimed: Path | None = None
        if self.path is not None:
            self._claim(self.path)
        try:
            self._connection = self._connect()
        except BaseException:
            self._unclaim()
            raise
        self._lock = threading.Lock()
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
        self._probed = time.monotonic()
        self._closed = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="recq-store-writer")
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="recq-store-reader")

    def _claim(self, path: Path) -> None:
        if path.is_dir():
            raise StoreUnavailableError(f"{self.name} is a directory.", remedy="Name a file, e.g. todo.duckdb.")
        claimed = path.resolve()
        with _open_files_lock:
            if claimed in _open_files:
                raise StoreLockedError(
                    f"{self.name} is open in another session of this kernel; a store has one session at a time.",
                    remedy="Close that session first, or open another file.",
                )
            _open_files.add(claimed)
        self._claimed = claimed

    def _unclaim(self) -> None:
        with _open_files_lock:
            if self._claimed is not None:
                _open_files.discard(self._claimed)
        self._claimed = None

    def _connect(self) -> duckdb.DuckDBPyConnection:
        if self.path is not None and self.path.exists() and not os.access(self.path, os.W_OK):
            raise StoreUnavailableError(
                f"{self.name} is read-only; a session must be able to append to its store.",
                remedy="Make the file writable, or copy it and open the copy.",
            )
        created = self.path is not None and not self.path.exists()
        try:
            connection = duckdb.connect(MEMORY if self.path is None else str(self.path))
        except (duckdb.Error, OSError) as error:
            raise opening_failure(self.name, error) from error
        try:
            connection.execute("SET GLOBAL TimeZone = 'UTC'")  # of every cursor
            connection.execute(f"SET GLOBAL disabled_optimizers = '{_UNSAFE_OPTIMIZERS}'")
            schema.prepare(connection, self.name)
        except RecqError:
            connection.close()
            raise
        except (duckdb.Error, OSError) as error:
            connection.close()
            if created and self.path is not None:
                self.path.unlink(missing_ok=True)
            raise opening_failure(self.name, error) from error
        return connection

    def cursor(self, *, certain: bool = False) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same database.

        Whether the database still works is tried only now and then, because it costs more than a small query.

        Args:
            certain: Try it now: something has just failed.

        Raises:
            StoreUnavailableError: The database is closed or broken beyond opening it again.
        """
        with self._lock:
            if self._closed:
                raise StoreUnavailableError(f"{self.name} is closed.", remedy="Open a new session.")
            try:
                cursor = self._connection.cursor()
                if certain or time.monotonic() - self._probed > _PROBE_SECONDS:
                    cursor.execute("SELECT 1").fetchall()
                    self._probed = time.monotonic()
            except duckdb.Error:
                self._reopen()
                cursor = self._connection.cursor()
            self._cursors.add(cursor)
        return cursor

    def _reopen(self) -> None:
        """DuckDB invalidates a database after an error it cannot roll back; opening it again recovers from the log."""
        if self.path is None:
            raise StoreUnavailableError(
                f"{self.name} failed for good and what it held is lost.", remedy="Start a new session."
            )
        with contextlib.suppress(duckdb.Error):
            self._connection.close()
        self._connection = self._connect()

    async def write(self, function: Callable[[], T]) -> T:
        """Run on the one writer thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, function)

    async def read(self, function: Callable[[], T]) -> T:
        """Run on a reader thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, function)

    def write_soon(self, function: Callable[[], None]) -> None:
        """Run on the writer thread without waiting."""
        self._writer.submit(function)

    def close(self) -> None:
        """Finish what is being written, fold the write-ahead log into the file, and give it up. Idempotent."""
        if self._closed:
            return
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        with self._lock:
            self._closed = True
            try:
                with translated(f"closing {self.name}"):
                    self._close_connection()
            finally:
                self._unclaim()

    def _close_connection(self) -> None:
        """Close it and every cursor, interrupting a query that a handler nobody waits for still runs."""
        deadline = time.monotonic() + _CLOSING_SECONDS
        while True:
            try:
                self._connection.close()
            except duckdb.Error as error:
                if "busy" not in str(error) or time.monotonic() > deadline:
                    raise
                for cursor in list(self._cursors):
                    cursor.interrupt()
                time.sleep(0.01)
            else:
                return

    def abandon(self) -> None:
        """Close the file without waiting for anybody: the interpreter is about to exit."""
        self._closed = True
        with contextlib.suppress(duckdb.Error):
            self._connection.close()
        self._unclaim()
