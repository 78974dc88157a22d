"""Paths on the command line, read into sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from recq_nb.flow.sources.files import read_models, read_sources
from recq_nb.flow.sources.source import Source
from recq_nb.flow.sources.source_error import SourceError

Read = TypeVar("Read")
paths_argument = click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())


def models_at(paths: tuple[str, ...]) -> tuple[tuple[Source, ...], ...]:
    """The models the paths name: each of several notebooks is one of its own.

    Raises:
        click.UsageError: There is no path, or one of them cannot be read.
    """
    return _read(paths, read_models)


def sources_at(paths: tuple[str, ...]) -> tuple[Source, ...]:
    """Everything the paths name.

    Raises:
        click.UsageError: There is no path, or one of them cannot be read.
    """
    return _read(paths, read_sources)


def _read(paths: tuple[str, ...], read: Callable[..., Read]) -> Read:
    if not paths:
        raise click.UsageError("name at least one notebook, Python file or folder.")
    try:
        return read(*paths)
    except SourceError as error:
        raise click.UsageError(str(error)) from None
