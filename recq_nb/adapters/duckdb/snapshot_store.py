"""The snapshot store in DuckDB: table ``recq.snapshots``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.adapters.duckdb.failures import translated
from recq_nb.ports.snapshot_store import SnapshotRecord


class DuckDbSnapshotStore:
    """Keeps the newest snapshot of each aggregate."""

    def __init__(self, database: DuckDbDatabase) -> None:
        self._database = database

    async def save(self, snapshots: Sequence[SnapshotRecord]) -> None:
        """See ``SnapshotStore.save``."""
        await self._database.write(lambda: self._save(snapshots))

    def _save(self, snapshots: Sequence[SnapshotRecord]) -> None:
        cursor = self._database.cursor()
        try:
            with translated("saving snapshots"):
                cursor.execute("BEGIN TRANSACTION")
                for snapshot in snapshots:
                    cursor.execute(
                        "INSERT OR REPLACE INTO recq.snapshots VALUES ($1, $2, $3, $4, make_timestamptz($5))",
                        list(snapshot),
                    )
                cursor.execute("COMMIT")
        finally:
            cursor.close()

    async def find(self, aggregate_ids: Sequence[str], fingerprint: str) -> Mapping[str, SnapshotRecord]:
        """See ``SnapshotStore.find``."""
        return await self._database.read(lambda: self._find(aggregate_ids, fingerprint))

    def _find(self, aggregate_ids: Sequence[str], fingerprint: str) -> dict[str, SnapshotRecord]:
        cursor = self._database.cursor()
        try:
            with translated("reading snapshots"):
                rows = cursor.execute(
                    "SELECT aggregate_id, version, fingerprint, state, epoch_us(timestamp) FROM recq.snapshots "
                    "WHERE aggregate_id IN (SELECT unnest($1)) AND fingerprint = $2",
                    [list(aggregate_ids), fingerprint],
                ).fetchall()
        finally:
            cursor.close()
        return {row[0]: SnapshotRecord(*row) for row in rows}
