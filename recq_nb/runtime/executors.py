"""Named executors at run time: budgets of handlers that parallel consumers share."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from zlib import crc32

from recq_nb.modeling.executor import ExecutorDefinition


class Executor:
    """Admits as many handlers at once as its definition allows; a partitioned one keeps an aggregate's order."""

    def __init__(self, definition: ExecutorDefinition) -> None:
        self.definition = definition
        self._lanes = [asyncio.Lock() for _ in range(definition.width)] if definition.partitioned else []
        self._pool = asyncio.Semaphore(definition.width)

    def slot(self, aggregate_id: str) -> asyncio.Lock | asyncio.Semaphore:
        """What a handler holds while it runs; waiting ones are admitted in the order they came."""
        if self._lanes:
            return self._lanes[crc32(aggregate_id.encode()) % len(self._lanes)]
        return self._pool


class Executors:
    """All named executors of a session."""

    def __init__(self) -> None:
        self._executors: dict[str, Executor] = {}

    def define(self, definitions: Mapping[str, ExecutorDefinition]) -> None:
        """Make these known; one that did not change keeps running."""
        for name, definition in definitions.items():
            known = self._executors.get(name)
            if known is None or known.definition != definition:
                self._executors[name] = Executor(definition)

    def find(self, name: str) -> Executor:
        """The executor of that name."""
        return self._executors[name]
