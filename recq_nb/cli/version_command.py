"""``recq-nb version``: what is installed."""

from __future__ import annotations

import platform
from importlib.metadata import version as version_of

import click


@click.command()
def version() -> None:
    """Show the versions of recq_nb, Python and DuckDB.

    Exit code: 0 shown.
    """
    click.echo(versions())


def versions() -> str:
    """What is installed, on one line."""
    own, duckdb = version_of("recq_nb"), version_of("duckdb")
    return f"recq_nb {own} · Python {platform.python_version()} · DuckDB {duckdb}"
