"""The command ``recq-nb``: check and draw a model without running it, export its events, rebuild its read models.

Built on click: one small dependency-free package, kept since 2014, with help, types, completion and a test runner;
typer is the same with type hints and brings rich along.
"""

from __future__ import annotations

import click

from recq_nb.cli.events_command import events
from recq_nb.cli.graph_command import graph
from recq_nb.cli.lint_command import lint
from recq_nb.cli.replay_command import replay
from recq_nb.cli.version_command import version, versions


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(versions(), message="%(version)s", help="Show what `recq-nb version` shows.")
def main() -> None:
    """Check and draw RECQ models, export the events of a store, rebuild its read models.

    Exit code of every command: 0 done, 1 it found or met something (see its own help), 2 it could not be understood.
    """


for command in (lint, graph, events, replay, version):
    main.add_command(command)
