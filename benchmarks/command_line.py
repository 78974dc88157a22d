"""The command line: which budgets, how many rounds, how the table is printed."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.aggregates import long_histories
from benchmarks.commands import in_memory, many_on_disk, sequential_on_disk
from benchmarks.file_size import bytes_per_event
from benchmarks.growth import growing
from benchmarks.reading import dataframes
from benchmarks.replay import replaying
from benchmarks.result import Result
from benchmarks.scale import Scale
from benchmarks.table import as_json, as_text
from benchmarks.tracing import watching

Measurement = Callable[[Scale], list[Result]]

MEASUREMENTS: dict[str, Measurement] = {
    "B1": sequential_on_disk,
    "B2": many_on_disk,
    "B3": in_memory,
    "B4": replaying,
    "B5": long_histories,
    "B6": dataframes,
    "B7": bytes_per_event,
    "B8": growing,
    "B9": watching,
}
_QUICK_DIVISOR = 50
_QUICK_ROUNDS = 1


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and return the exit code: 0, or with ``--check`` 1 where a budget is missed."""
    chosen = _parser().parse_args(arguments)
    names = chosen.budgets or list(MEASUREMENTS)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="recq-bench-", dir=chosen.folder) as folder:
        facts = machine.facts(Path(folder))
        if not chosen.json:
            print("\n".join(f"{name}: {fact}" for name, fact in facts.items()), end="\n\n")
        for name in names:
            with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=folder) as own_folder:
                scale = Scale(
                    Path(own_folder),
                    _QUICK_ROUNDS if chosen.quick else chosen.rounds,
                    _QUICK_DIVISOR if chosen.quick else 1,
                    chosen.large,
                )
                started = time.perf_counter()
                results += MEASUREMENTS[name](scale)
            print(f"{name} took {time.perf_counter() - started:.0f} s", file=sys.stderr)
        facts["load at the end"] = machine.load()
    print(as_json(facts, results) if chosen.json else f"{as_text(results)}\n\nload at the end: {machine.load()}")
    return int(chosen.check and any(result.met is False for result in results))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure recq_nb beside eventsourcing, in one run, and compare with the budgets.",
        epilog="; ".join(f"{name}: {_first_line(measure)}" for name, measure in MEASUREMENTS.items()),
    )
    parser.add_argument("budgets", nargs="*", type=_budget, metavar="B1", help="which to measure (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count (default: 5)")
    parser.add_argument("--quick", action="store_true", help="little work, one round: to see that it runs")
    parser.add_argument("--large", action="store_true", help="growth and replay at full size; takes many minutes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a budget is missed")
    parser.add_argument("--folder", type=Path, help="where stores are made (default: the temporary folder)")
    return parser


def _budget(name: str) -> str:
    if name.upper() not in MEASUREMENTS:
        raise argparse.ArgumentTypeError(f"there is no {name}; there are {', '.join(MEASUREMENTS)}")
    return name.upper()


def _first_line(measure: Measurement) -> str:
    return (measure.__doc__ or "").strip().partition("\n")[0].partition(": ")[2].rstrip(".")
