"""Linting: every rule applied to a model read from sources. Nothing is executed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from recq_nb.flow.finding import Finding
from recq_nb.flow.lint.rule import Scope, Subject
from recq_nb.flow.lint.rules import RULES, USELESS_SUPPRESSION
from recq_nb.flow.lint.suppression import Suppressions
from recq_nb.flow.reading.model_reading import read_model
from recq_nb.flow.reading.reader import Reader
from recq_nb.flow.sources.source import Source


def lint(
    sources: Iterable[Source],
    *,
    scope: Scope = Scope.MODEL,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
) -> list[Finding]:
    """What is wrong with a model, in the order of its sources.

    Args:
        sources: Everything the model is made of; findings are reported in those that are asked for.
        scope: ``Scope.DEFINITION`` leaves out rules that need the whole model, for one still being written.
        select: Ids, or beginnings of ids, of the only rules to apply; all when empty.
        ignore: Ids, or beginnings of ids, of rules to leave out.
    """
    given = tuple(sources)
    reader = Reader(given)
    subject = Subject(read_model(reader), reader)
    suppressions = Suppressions(given)
    order = {(source.path, source.cell): place for place, source in reversed(list(enumerate(given)))}
    asked = {(source.path, source.cell) for source in given if source.is_asked_for}
    found: dict[Finding, None] = {}
    applied: set[str] = set()
    for rule in RULES.values():
        if not _applies(rule.id, select, ignore) or (rule.scope is Scope.MODEL and scope is Scope.DEFINITION):
            continue
        applied.add(rule.id)
        for position, message, remedy in rule.check(subject):
            finding = Finding(position, rule.id, rule.severity, message, remedy)
            if (position.path, position.cell) in asked and not suppressions.silence(finding):
                found[finding] = None
    if USELESS_SUPPRESSION in applied:
        found.update(dict.fromkeys(_useless(suppressions, applied)))
    return sorted(
        found,
        key=lambda one: (order[one.position.path, one.position.cell], one.position.line, one.position.column, one.rule),
    )


def lint_models(
    models: Iterable[tuple[Source, ...]],
    *,
    scope: Scope = Scope.MODEL,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
) -> list[Finding]:
    """What is wrong with several models, one after the other; see ``lint``.

    A module that is part of several models has a finding where every one of them has it: what one does not handle,
    another does.
    """
    asked: Counter[str] = Counter()
    found: Counter[Finding] = Counter()
    for sources in models:
        asked.update({source.path for source in sources if source.is_asked_for})
        found.update(lint(sources, scope=scope, select=select, ignore=ignore))
    return [finding for finding, times in found.items() if times == asked[finding.position.path]]


def _applies(rule_id: str, select: Collection[str], ignore: Collection[str]) -> bool:
    chosen = not select or rule_id.startswith(tuple(select))
    return chosen and not (ignore and rule_id.startswith(tuple(ignore)))


def _useless(suppressions: Suppressions, applied: set[str]) -> Iterable[Finding]:
    rule = RULES[USELESS_SUPPRESSION]
    for suppression in list(suppressions):
        idle = suppression.useless(applied, RULES.keys())
        if idle is None:
            continue
        named = f"{', '.join(idle)}, which finds" if idle else "every rule, and none finds"
        message = f"this comment suppresses {named} nothing on its line."
        finding = Finding(suppression.position, rule.id, rule.severity, message, "Delete it, or move it to the line.")
        if not suppressions.silence(finding):
            yield finding
