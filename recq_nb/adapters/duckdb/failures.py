"""What DuckDB's exceptions mean to a modeller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from recq_nb.errors import (
    ReadModelError,
    RecqError,
    StoreError,
    StoreFormatError,
    StoreLockedError,
    StoreUnavailableError,
)

_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


def opening_failure(path: str, error: Exception) -> StoreError:  # noqa: PLR0911  one return a cause
    """The error for a store file that cannot be opened."""
    text = str(error)
    if "lock" in text.lower() and ("conflicting" in text.lower() or "could not set lock" in text.lower()):
        holder = _HOLDER.search(text)
        who = f"process {holder['pid']} ({holder['program']})" if holder else "another process"
        return StoreLockedError(
            f"{path} is held by {who}; a store has one kernel at a time.",
            remedy="Shut that kernel down (Kernel → Shut Down), or open another file.",
        )
    if "not a valid DuckDB database" in text:
        return StoreFormatError(
            f"{path} exists and is no DuckDB file.", remedy="Choose another path; the file was left as it is."
        )
    if "Is a directory" in text:
        return StoreUnavailableError(f"{path} is a directory.", remedy="Name a file, e.g. todo.duckdb.")
    if isinstance(error, duckdb.SerializationException | duckdb.InternalException | duckdb.FatalException) or (
        "checksum" in text.lower() or "corrupt" in text.lower() or "truncated" in text.lower()
    ):
        return StoreFormatError(
            f"{path} is damaged: {first_line(error)}", remedy="Restore it from a copy, or choose another path."
        )
    if "version number" in text.lower() or "newer version" in text.lower():
        return StoreFormatError(
            f"{path} was written by another DuckDB version: {first_line(error)}",
            remedy="Install the DuckDB version that wrote it, or choose another path.",
        )
    if "Could not read" in text or "read enough bytes" in text.lower():
        return StoreFormatError(
            f"{path} ends too early or cannot be read: {first_line(error)}",
            remedy="Restore it from a copy, or choose another path.",
        )
    return StoreUnavailableError(
        f"{path} cannot be opened: {first_line(error)}",
        remedy="Check that its folder exists and that you may write there.",
    )


def first_line(error: BaseException) -> str:
    """The first line of what an exception says."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def transaction_failure(doing: str, error: Exception) -> RecqError:
    """The error for a transaction that failed: the store's, or its user's who went on after an error."""
    if isinstance(error, duckdb.TransactionException) and "aborted" in str(error):
        return ReadModelError(
            f"{doing} failed: SQL in the same transaction had failed before, and DuckDB has given it up as a whole.",
            remedy="Let the first error leave the handler: the event is then tried again, or set aside.",
        )
    return working_failure(doing, error)


def working_failure(doing: str, error: Exception) -> StoreError:
    """The error for a store that failed while it was open."""
    text = first_line(error)
    full = "no space" in text.lower() or "disk" in text.lower() or "file too large" in text.lower()
    if isinstance(error, duckdb.TransactionException) and "conflict" in text.lower():
        return StoreUnavailableError(
            f"{doing} failed: another transaction changed the same rows at that moment.",
            remedy="It is tried again. Handlers that change the same rows meet less often in a partitioned executor.",
        )
    return StoreUnavailableError(
        f"{doing} failed: {text}",
        remedy="Free some disk space and try again; nothing of it was stored."
        if full
        else "Nothing of it was stored; try again, and look at the file and its disk if it happens again.",
    )


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise DuckDB's and the operating system's errors as a ``StoreError``."""
    try:
        yield
    except RecqError:
        raise
    except (duckdb.Error, OSError) as error:
        raise transaction_failure(doing, error) from error


@contextmanager
def outage_translated(doing: str) -> Iterator[None]:
    """Raise as a ``StoreError`` only what says nothing about the statement: the disk, or another transaction's change.

    A conflict with another transaction appears as such, or as a key that the other one has inserted meanwhile.
    """
    try:
        yield
    except (duckdb.OperationalError, duckdb.IntegrityError, duckdb.FatalException) as error:
        raise transaction_failure(doing, error) from error
