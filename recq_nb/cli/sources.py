"""Paths on the command line, read into sources."""

from __future__ import annotations

import click

from recq_nb.flow.sources.files import read_sources
from recq_nb.flow.sources.source import Source
from recq_nb.flow.sources.source_error import SourceError

paths_argument = click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())


def sources_at(paths: tuple[str, ...]) -> tuple[Source, ...]:
    """Everything the paths name.

    Raises:
        click.UsageError: There is no path, or one of them cannot be read.
    """
    if not paths:
        raise click.UsageError("name at least one notebook, Python file or folder.")
    try:
        return read_sources(*paths)
    except SourceError as error:
        raise click.UsageError(str(error)) from None
