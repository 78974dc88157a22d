"""What every snapshot store promises."""

from __future__ import annotations

import asyncio

from recq_nb.ports.snapshot_store import SnapshotRecord
from tests.contracts.adapters import OpenStores, Stores

FOLDED = "fingerprint"


def snapshot(aggregate_id: str, version: int, fingerprint: str = FOLDED) -> SnapshotRecord:
    return SnapshotRecord(aggregate_id, version, fingerprint, f'{{"version": {version}}}', 1_893_456_000_123_456)


def test_the_snapshots_asked_for_are_found(stores: Stores) -> None:
    async def look() -> object:
        await stores.snapshots.save([snapshot("A", 10), snapshot("B", 20), snapshot("C", 30)])
        return await stores.snapshots.find(["A", "C", "never"], FOLDED)

    assert asyncio.run(look()) == {"A": snapshot("A", 10), "C": snapshot("C", 30)}


def test_a_newer_snapshot_replaces_the_older(stores: Stores) -> None:
    async def look() -> object:
        await stores.snapshots.save([snapshot("A", 10)])
        await stores.snapshots.save([snapshot("A", 20)])
        return await stores.snapshots.find(["A"], FOLDED)

    assert asyncio.run(look()) == {"A": snapshot("A", 20)}


def test_a_snapshot_of_other_handler_source_is_not_found(stores: Stores) -> None:
    async def look() -> object:
        await stores.snapshots.save([snapshot("A", 10, "older"), snapshot("B", 10)])
        return await stores.snapshots.find(["A", "B"], FOLDED)

    assert asyncio.run(look()) == {"B": snapshot("B", 10)}


def test_any_text_survives(stores: Stores) -> None:
    texts = ["it's", '"', "ünïcødé 🦆", "nul\0nul", "'; drop table x; --", "\\n"]
    saved = {text: snapshot(text, 1)._replace(state=f'{{"text": "{text}"}}') for text in texts}

    async def look() -> object:
        await stores.snapshots.save(list(saved.values()))
        return await stores.snapshots.find(texts, FOLDED)

    assert asyncio.run(look()) == saved


def test_a_durable_store_keeps_snapshots(open_durable_stores: OpenStores) -> None:
    with open_durable_stores() as stores:
        asyncio.run(stores.snapshots.save([snapshot("A", 10)]))

    with open_durable_stores() as stores:
        found = asyncio.run(stores.snapshots.find(["A"], FOLDED))

    assert found == {"A": snapshot("A", 10)}
