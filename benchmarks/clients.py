"""Clients: the ways commands reach a system, timed one by one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

from benchmarks.sample import Sample

Send = Callable[[int, int], Awaitable[object]]
"""Sends a client's next command: client number, command number."""

Call = Callable[[int, int], object]
"""The same, returning when it is done."""


def awaited_in_turn(send: Send, count: int) -> Sample:
    """One client in an event loop of its own, as a notebook cell is, awaiting each reply before the next command."""
    return asyncio.run(_in_flight(send, 1, count))


def awaited_at_once(send: Send, clients: int, count: int) -> Sample:
    """Many clients in one event loop, gathered; each awaits its reply before its next command."""
    return asyncio.run(_in_flight(send, clients, count // clients))


async def _in_flight(send: Send, clients: int, each: int) -> Sample:
    latencies: list[float] = []

    async def client(number: int) -> None:
        for command in range(each):
            started = time.perf_counter()
            await send(number, command)
            latencies.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*map(client, range(clients)))
    return Sample(clients * each, time.perf_counter() - started, latencies)


def called_in_turn(call: Call, count: int) -> Sample:
    """One client in this thread."""
    latencies: list[float] = []
    began = time.perf_counter()
    for command in range(count):
        started = time.perf_counter()
        call(0, command)
        latencies.append(time.perf_counter() - started)
    return Sample(count, time.perf_counter() - began, latencies)


def called_at_once(call: Call, clients: int, count: int) -> Sample:
    """Many clients, a thread each."""
    each = count // clients
    latencies: list[float] = []
    problems: list[BaseException] = []
    ready = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        ready.wait()
        try:
            for command in range(each):
                started = time.perf_counter()
                call(number, command)
                latencies.append(time.perf_counter() - started)
        except BaseException as problem:  # noqa: BLE001  border: the thread's end; told to whoever started it
            problems.append(problem)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if problems:
        raise problems[0]
    return Sample(clients * each, seconds, latencies)
