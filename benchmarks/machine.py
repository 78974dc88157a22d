"""The machine: what a figure depends on besides the code."""

from __future__ import annotations

import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("duckdb", "pyarrow", "pydantic", "pandas", "eventsourcing")


def facts(folder: Path) -> dict[str, str]:
    """Processor, system and versions, as text."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        "load": load(),
        "disk": f"fdatasync of 256 B takes {fsync_seconds(folder) * 1e3:.2f} ms",
    }


def load() -> str:
    """How busy the machine has been."""
    return " ".join(f"{average:.2f}" for average in os.getloadavg())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def fsync_seconds(folder: Path, tries: int = 40) -> float:
    """The median time to append 256 bytes to a file and have them on the disk."""
    path = folder / "fsync.probe"
    seconds = []
    with path.open("wb", buffering=0) as file:
        for _ in range(tries):
            started = time.perf_counter()
            file.write(bytes(256))
            getattr(os, "fdatasync", os.fsync)(file.fileno())
            seconds.append(time.perf_counter() - started)
    path.unlink()
    return statistics.median(seconds)
