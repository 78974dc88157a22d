"""``recq-nb lint``: what is wrong with a model."""

from __future__ import annotations

import click

from recq_nb.cli.sources import models_at, paths_argument
from recq_nb.flow.lint.finding_text import FORMATS
from recq_nb.flow.lint.linting import lint_models
from recq_nb.flow.lint.rule import Scope
from recq_nb.flow.lint.rules import RULES


@click.command(short_help="Check a model against the rules of RECQ.")
@paths_argument
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option("--select", metavar="IDS", default="", help="Apply only these rules, e.g. RECQ050,RECQ06.")
@click.option("--ignore", metavar="IDS", default="", help="Leave these rules out.")
@click.option("--draft", is_flag=True, help="Leave out rules that need the whole model.")
@click.option("--explain", metavar="ID", default=None, help="Show the page of a rule: reason, remedy, examples.")
@click.option("--rules", "list_rules", is_flag=True, help="List all rules.")
@click.pass_context
def lint(
    context: click.Context,
    paths: tuple[str, ...],
    form: str,
    select: str,
    ignore: str,
    draft: bool,  # noqa: FBT001  click passes by name
    explain: str | None,
    list_rules: bool,  # noqa: FBT001
) -> None:
    """Check notebooks, Python files and packages against the rules of RECQ. Nothing of them is executed.

    Each of several notebooks is a model of its own, with the modules it imports.

    One line is excused by a comment on it: # recq: ignore[RECQ050]

    Exit code: 0 nothing found, 1 findings, 2 the command could not be understood.
    """
    if list_rules:
        for rule in RULES.values():
            click.echo(f"{rule.id}  {rule.severity:<7}  {rule.title}")
        return
    if explain is not None:
        if explain.upper() not in RULES:
            raise click.UsageError(f"there is no rule {explain}; --rules lists them all.")
        click.echo(RULES[explain.upper()].page, nl=False)
        return
    chosen, left_out = _ids(select), _ids(ignore)
    scope = Scope.DEFINITION if draft else Scope.MODEL
    findings = lint_models(models_at(paths), scope=scope, select=chosen, ignore=left_out)
    click.echo(FORMATS[form](findings), nl=False)
    context.exit(1 if findings else 0)


def _ids(text: str) -> tuple[str, ...]:
    ids = tuple(one.strip().upper() for one in text.split(",") if one.strip())
    for one in ids:
        if not any(rule.startswith(one) for rule in RULES):
            raise click.UsageError(f"there is no rule {one}; --rules lists them all.")
    return ids
