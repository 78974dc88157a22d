"""A store file on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from recq_nb.errors import StoreError
from recq_nb.session import Session

store_argument = click.argument("store", type=click.Path(dir_okay=False))


@contextmanager
def opened(store: str) -> Iterator[Session]:
    """A session on an existing store, closed afterwards.

    Raises:
        click.UsageError: It does not exist.
        click.ClickException: It cannot be opened.
    """
    if not Path(store).is_file():
        raise click.UsageError(f"{store} does not exist.")
    try:
        session = Session(store, record=False)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    with session:
        yield session
