"""Systems in processes of their own, so that none pays for another's memory or changes its interpreter's settings."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from benchmarks.sample import Sample
from benchmarks.systems import OurSystem, PeerSystem

_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Ours:
    """How to start one of ours.

    Attributes:
        store: ``"memory"`` or a file.
        components: What to register.
        record: Whether its flow recorder is on.
    """

    store: str | Path
    components: tuple[type, ...]
    record: bool = True

    def start(self) -> OurSystem:
        return OurSystem(self.store, self.components, record=self.record)


@dataclass(frozen=True, slots=True)
class Peer:
    """How to start one of the peer's.

    Attributes:
        store: A file, or None for memory.
        settings: Its settings.
    """

    store: Path | None
    settings: Mapping[str, str]

    def start(self) -> PeerSystem:
        return PeerSystem(self.store, self.settings)


class Elsewhere:
    """A system in another process, used like the system itself; ended with the block."""

    def __init__(self, start: Ours | Peer) -> None:
        self._connection, theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=_serve, args=(theirs, start), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.send(None)
        self._process.join()

    def one_client(self, round_number: int, count: int) -> Sample:
        return self._ask("one_client", round_number, count)

    def in_flight(self, round_number: int, clients: int, count: int) -> Sample:
        return self._ask("in_flight", round_number, clients, count)

    def watched(self, round_number: int, clients: int, count: int) -> Sample:
        return self._ask("watched", round_number, clients, count)

    def threads(self, round_number: int, clients: int, count: int) -> Sample:
        return self._ask("threads", round_number, clients, count)

    def _ask(self, method: str, *arguments: int) -> Sample:
        self._connection.send((method, arguments))
        return cast("Sample", self._connection.recv())


def _serve(connection: Connection, start: Ours | Peer) -> None:
    with start.start() as system:
        while (asked := connection.recv()) is not None:
            method, arguments = asked
            gc.collect()
            connection.send(getattr(system, method)(*arguments))
