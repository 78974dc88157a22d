"""Exporting events: page by page, so that a log of any length fits, as JSON lines, CSV or Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from recq_nb.session import Session

PAGE = 20_000
_JSON_COLUMNS = {"payload", "metadata"}
Write = Callable[[pa.Table], None]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to export.

    Attributes:
        condition: SQL; ``$1`` is the sequence number to start behind.
        texts: Values for ``$2`` and so on.
    """

    condition: str
    texts: tuple[str, ...]

    @classmethod
    def of(cls, name: str | None, aggregate_id: str | None, context: str | None) -> Filter:
        """Events whose properties match; ``*`` and ``?`` stand for anything."""
        asked = {"event_name": name, "aggregate_id": aggregate_id, "context": context}
        given = {column: text for column, text in asked.items() if text is not None}
        globs = [f"{column} GLOB ${place}" for place, column in enumerate(given, start=2)]
        return cls(" AND ".join(["sequence_number > $1", *globs]), tuple(given.values()))


def count(session: Session, chosen: Filter, after: int) -> int:
    """How many events there are to export."""
    query = f"SELECT count(*) FROM recq.events WHERE {chosen.condition}"  # noqa: S608  values are bound
    ((found,),) = session.sql(query, after, *chosen.texts).rows()
    assert isinstance(found, int)
    return found


def pages(session: Session, chosen: Filter, after: int) -> Iterator[pa.Table]:
    """The events in order, a page at a time; of none one empty page, which still names the columns."""
    query = f"SELECT * FROM recq.events WHERE {chosen.condition} ORDER BY sequence_number LIMIT {PAGE}"  # noqa: S608  values are bound
    first = True
    while True:
        page = session.sql(query, after, *chosen.texts).arrow()
        if page.num_rows or first:
            yield page
        if page.num_rows < PAGE:
            return
        first = False
        after = page.column("sequence_number")[-1].as_py()


@contextmanager
def json_lines(target: IO[str]) -> Iterator[Write]:
    """One JSON object a line; payload and metadata as objects, not as text."""

    def write(page: pa.Table) -> None:
        for row in page.to_pylist():
            event = {name: json.loads(value) if name in _JSON_COLUMNS else value for name, value in row.items()}
            target.write(json.dumps(event, ensure_ascii=False, default=str) + "\n")

    yield write


@contextmanager
def comma_separated(target: IO[str]) -> Iterator[Write]:
    """CSV with a line of names; payload and metadata as JSON text."""
    writer = csv.writer(target, lineterminator="\n")
    begun = False

    def write(page: pa.Table) -> None:
        nonlocal begun
        if not begun:
            writer.writerow(page.column_names)
            begun = True
        writer.writerows(zip(*(column.to_pylist() for column in page.columns), strict=True))

    yield write


@contextmanager
def parquet(path: Path) -> Iterator[Write]:
    """A Parquet file, made with the first page."""
    writer: pq.ParquetWriter | None = None

    def write(page: pa.Table) -> None:
        nonlocal writer
        if writer is None:
            writer = pq.ParquetWriter(path, page.schema)
        writer.write_table(page)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()
