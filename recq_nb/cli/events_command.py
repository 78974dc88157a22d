"""``recq-nb events``: what a store holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from recq_nb.cli.event_export import Filter, Write, comma_separated, count, json_lines, pages, parquet
from recq_nb.cli.store import opened, store_argument

_SUFFIXES = {".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet"}


@click.command(short_help="Export the events of a store file.")
@store_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_SUFFIXES.values())),
    help="Else by the output's name, JSON lines where that says nothing.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), default=None, help="Write to a file.")
@click.option("--name", default=None, help="Only events of this class; * and ? stand for anything.")
@click.option("--aggregate", default=None, help="Only events of this aggregate id; * and ? likewise.")
@click.option("--context", default=None, help="Only events of this context; * and ? likewise.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only events behind this sequence number.")
def events(
    store: str,
    form: str | None,
    output: str | None,
    name: str | None,
    aggregate: str | None,
    context: str | None,
    after: int,
) -> None:
    """Export the events of a store file, as JSON lines, CSV or Parquet, in order.

    Exit code: 0 exported, 1 the store could not be read or the output not be written, 2 the command could not be
    understood.
    """
    chosen = form or (_SUFFIXES.get(Path(output).suffix, "jsonl") if output else "jsonl")
    if chosen == "parquet" and output is None:
        raise click.UsageError("Parquet is no text: name a file with --output.")
    wanted = Filter.of(name, aggregate, context)
    with opened(store) as session:
        total = count(session, wanted, after)
        try:
            with (
                _writer(chosen, output) as write,
                click.progressbar(length=total, label="events", file=sys.stderr) as bar,
            ):
                for page in pages(session, wanted, after):
                    write(page)
                    bar.update(page.num_rows)
        except OSError as error:
            raise click.ClickException(f"cannot write {output}: {error.strerror}.") from None
    if output is not None:
        click.echo(f"{total} event{'s' * (total != 1)} written to {output}", err=True)


@contextmanager
def _writer(form: str, output: str | None) -> Iterator[Write]:
    if form == "parquet" and output is not None:
        with parquet(Path(output)) as write:
            yield write
        return
    with click.open_file(output or "-", "w", encoding="utf-8") as target:
        made = json_lines(target) if form == "jsonl" else comma_separated(target)
        with made as write:
            yield write
