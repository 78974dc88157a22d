"""``recq-nb replay``: rebuild the read models of a store."""

from __future__ import annotations

import importlib
import sys
import time

import click

from recq_nb.cli.model_loading import load_model
from recq_nb.cli.store import opened, store_argument
from recq_nb.errors import RecqError
from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.component import component_declaration
from recq_nb.session import Session

_LOOK = 0.1


@click.command(short_help="Rebuild the read models of a store file.")
@store_argument
@click.argument("model", type=click.Path(dir_okay=False))
@click.option(
    "--projector", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated. All otherwise."
)
@click.option("--timeout", type=click.FloatRange(min=0), default=3600.0, show_default=True, help="Seconds to wait.")
def replay(store: str, model: str, names: tuple[str, ...], timeout: float) -> None:
    """Empty the read models of a store and project every event again, with a module's or notebook's projectors.

    The model's definitions are executed; of a notebook, its definition cells and what they need of others. Sagas and
    observers are left out, so that nothing is sent.

    Exit code: 0 rebuilt, 1 the model or the store refuses, or an event could not be projected, 2 the command could not
    be understood.
    """
    lent = vars(importlib.import_module("recq_nb"))
    classes = [one for one in load_model(model, lent) if _is_replayed(one, names)]
    projectors = [one.__name__ for one in classes if component_declaration(one) is not None]
    missing = sorted(set(names) - set(projectors))
    if missing or not projectors:
        raise click.UsageError(f"{model} has no projector{f' {missing[0]}' if missing else ''}.")
    with opened(store) as session:
        try:
            session.register(*classes)
            for name in projectors:
                session.replay(name)
            failed = _watch(session, timeout)
        except RecqError as error:
            raise click.ClickException(str(error)) from None
    if failed:
        click.echo(failed, err=True)
        sys.exit(1)
    click.echo(f"rebuilt by {', '.join(projectors)}", err=True)


def _is_replayed(cls: type, names: tuple[str, ...]) -> bool:
    declaration = component_declaration(cls)
    if declaration is None:
        return True
    return declaration.kind is ComponentKind.PROJECTOR and (not names or cls.__name__ in names)


def _watch(session: Session, timeout: float) -> str:
    """Show how far the projectors are until they are done; why they are not, if they cannot be."""
    deadline = time.monotonic() + timeout
    statuses = session.consumer_statuses()
    with click.progressbar(length=sum(one.head for one in statuses), label="events", file=sys.stderr) as bar:
        while True:
            statuses = session.consumer_statuses()
            bar.update(sum(one.position for one in statuses) - bar.pos)
            dead = [one for one in statuses if one.dead_events]
            if dead:
                return f"{dead[0].component} could not project an event: {dead[0].last_error}"
            if all(one.lag == 0 for one in statuses):
                return ""
            if time.monotonic() > deadline:
                late = next(one for one in statuses if one.lag)
                why = f" {late.component} is {late.health}: {late.reason}" if late.reason else ""
                return f"not done after {timeout:g} seconds; it goes on where it is when the model runs again.{why}"
            time.sleep(_LOOK)
