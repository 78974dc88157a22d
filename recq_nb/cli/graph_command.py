"""``recq-nb graph``: the application graph of a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from recq_nb.cli.sources import models_at, paths_argument, sources_at
from recq_nb.flow.application_graph import ApplicationGraph
from recq_nb.flow.graph_mermaid import application_mermaid
from recq_nb.flow.graph_picture import application_svg
from recq_nb.flow.graph_reading import application_graph
from recq_nb.flow.lint.linting import lint, lint_models
from recq_nb.flow.model_document import document_schema, model_document
from recq_nb.flow.sources.source import Source

NO_PYTHON = "RECQ001"
Writer = Callable[[tuple[str, ...], ApplicationGraph, bool], str]


def _as_json(paths: tuple[str, ...], graph: ApplicationGraph, _: bool) -> str:  # noqa: FBT001  one signature
    return (
        json.dumps(model_document(graph, findings=lint_models(models_at(paths))), indent=2, ensure_ascii=False) + "\n"
    )


_WRITERS: dict[str, Writer] = {
    "mermaid": lambda _, graph, everything: application_mermaid(graph, event_sourcing=everything),
    "svg": lambda _, graph, everything: application_svg(graph, event_sourcing=everything) + "\n",
    "json": _as_json,
}


@click.command(short_help="Draw a model as its source says it is.")
@paths_argument
@click.option("--format", "form", type=click.Choice(list(_WRITERS)), default="mermaid", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False), default=None, help="Write to a file instead of the screen."
)
@click.option("--event-sourcing", is_flag=True, help="Draw event-sourcing handlers too.")
@click.option("--schema", is_flag=True, help="Show the JSON Schema of --format json.")
def graph(
    paths: tuple[str, ...],
    form: str,
    output: str | None,
    event_sourcing: bool,  # noqa: FBT001  click passes by name
    schema: bool,  # noqa: FBT001
) -> None:
    """Draw who handles, sends, asks and publishes what, as the source says. Nothing of it is executed.

    mermaid is text that GitHub and many others draw, svg a picture, json a versioned document for tools.

    Exit code: 0 drawn, 1 the output could not be written, 2 the command could not be understood.
    """
    if schema:
        text = json.dumps(document_schema(), indent=2) + "\n"
    else:
        sources = sources_at(paths)
        drawn = application_graph(sources)
        text = _WRITERS[form](paths, drawn, event_sourcing)
        _warn(sources, drawn)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}.") from None
    click.echo(f"written to {output}", err=True)


def _warn(sources: tuple[Source, ...], graph: ApplicationGraph) -> None:
    """Say what the picture lacks."""
    for finding in lint(sources, select=[NO_PYTHON]):
        click.echo(f"left out: {finding.position}: {finding.message}", err=True)
    if graph.unresolved:
        calls = f"{len(graph.unresolved)} call{'s' * (len(graph.unresolved) != 1)}"
        click.echo(f"left out: {calls} whose payload cannot be read; recq-nb lint says which.", err=True)
