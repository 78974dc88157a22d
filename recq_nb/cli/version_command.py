"""``recq-nb version``: what is installed."""

from __future__ import annotations

import platform
from importlib.metadata import version as version_of

import click


@click.command()
def version() -> None:
    """Show the versions of recq_nb, Python and DuckDB."""
    own, duckdb = version_of("recq_nb"), version_of("duckdb")
    click.echo(f"recq_nb {own} · Python {platform.python_version()} · DuckDB {duckdb}")
