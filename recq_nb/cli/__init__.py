"""The command ``recq-nb``: read, check and draw a model without running it.

Built on click: one small dependency-free package, kept since 2014, with help, types, completion and a test runner;
typer is the same with type hints and brings rich along.
"""

from __future__ import annotations

import click

from recq_nb.cli.graph_command import graph
from recq_nb.cli.lint_command import lint
from recq_nb.cli.version_command import version


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Read, check and draw RECQ models: notebooks, Python files and packages. Nothing of them is executed."""


for command in (lint, graph, version):
    main.add_command(command)
