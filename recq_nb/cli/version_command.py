"""``recq-nb version``: what is installed."""

from __future__ import annotations

import platform
from importlib.metadata import version as version_of

import click

import recq_nb


@click.command()
def version() -> None:
    """Show the versions of recq_nb, Python and DuckDB."""
    duckdb = version_of("duckdb")
    click.echo(f"recq_nb {recq_nb.__version__} · Python {platform.python_version()} · DuckDB {duckdb}")
