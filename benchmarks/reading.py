"""B6: a read model as a dataframe, beside the same SQL in DuckDB alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from operator import attrgetter

import duckdb

from benchmarks.account import READ_SIDE, WRITE_SIDE, AccountListQuery
from benchmarks.result import Limit, Result, Unit
from benchmarks.sample import Sample, interleaved, median, median_ratio
from benchmarks.scale import Scale
from benchmarks.systems import OurSystem, owner

_SQL = "SELECT * FROM account_row ORDER BY account_id"
_REPEATS = 5
_each = attrgetter("p50")


def dataframes(scale: Scale) -> list[Result]:
    """B6: ten thousand rows."""
    count = scale.of(10_000, at_least=100)
    alone = duckdb.connect()
    alone.execute("CREATE TABLE account_row (account_id VARCHAR PRIMARY KEY, owner VARCHAR, balance BIGINT)")
    rows = [(f"ACCT_rows_{number}", owner(number), 0) for number in range(count)]
    alone.execute(
        "INSERT INTO account_row SELECT unnest($1), unnest($2), unnest($3)", [list(c) for c in zip(*rows, strict=True)]
    )
    with OurSystem(components=WRITE_SIDE + READ_SIDE) as ours:
        session = ours.session
        ours.open_accounts("rows", count)
        session.settled().result()
        assert len(session.sql(_SQL).df()) == len(alone.sql(_SQL).df()) == count
        rounds = interleaved(
            scale.rounds,
            {
                "ours": lambda _: _timed(lambda: session.sql(_SQL).df()),
                "query": lambda _: _timed(lambda: session.query(AccountListQuery()).result()),
                "raw": lambda _: _timed(lambda: alone.sql(_SQL).df()),
            },
        )
    alone.close()

    def row(what: str, name: str, limit: Limit | None = None) -> Result:
        own, raw = rounds[name], rounds["raw"]
        ratio = median_ratio(own, raw, _each)
        return Result("B6", what, Unit.SECONDS, median(own, _each), median(raw, _each), "DuckDB alone", ratio, limit)

    return [
        row(f"{count:,} rows of a read model as a dataframe", "ours", Limit(at_most=1.3)),
        row(f"{count:,} views from one query", "query"),
    ]


def _timed(read: Callable[[], object]) -> Sample:
    seconds = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        read()
        seconds.append(time.perf_counter() - started)
    return Sample(_REPEATS, sum(seconds), seconds)
