"""Linting what was just registered, while the rest of the model is still being written."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from recq_nb.errors import ConfinementError
from recq_nb.flow.finding import Finding
from recq_nb.flow.lint.linting import lint
from recq_nb.flow.lint.rule import Scope
from recq_nb.flow.lint.rules import CONFINING
from recq_nb.flow.sources.live import live_sources, registered_sources
from recq_nb.modeling.bundle import Bundle


def definition_findings(
    bundle: Bundle, names: Collection[str], *, label: Callable[[str], str] = str, select: Collection[str] = ()
) -> list[Finding]:
    """Findings in the cells and modules that define some of a bundle's payloads and components.

    Args:
        bundle: The model they are part of, which tells what the names in them mean.
        names: Payloads and components.
        label: How a source file or cell is to be called in positions.
        select: Ids of the only rules to apply; all that need not see the whole model when empty.
    """
    payloads = [definition.payload_type for name, definition in bundle.payloads.items() if name in names]
    components = [definition.component_type for name, definition in bundle.components.items() if name in names]
    asked = {(source.path, source.text) for source in live_sources([*payloads, *components], label=label)}
    sources = [
        replace(source, is_asked_for=(source.path, source.text) in asked)
        for source in registered_sources(bundle, label=label)
    ]
    return lint(sources, scope=Scope.DEFINITION, select=select)


def refuse_unconfined(bundle: Bundle, names: Collection[str], *, label: Callable[[str], str] = str) -> None:
    """Strict mode: refuse what leaves the interaction graph unreadable.

    Raises:
        ConfinementError: These definitions break rules of confinement; each place, its rule and the remedies.
    """
    findings = definition_findings(bundle, names, label=label, select=CONFINING)
    if findings:
        rules = [found.rule for found in findings]
        told = [f"{found.position}: {found.message}" for found in findings]
        if len(findings) == 1:
            problem = f"{told[0]} Strict mode refuses it ({rules[0]})."
        else:
            lines = (f"  {text} ({rule})" for text, rule in zip(told, rules, strict=True))
            problem = "\n".join([f"strict mode refuses {len(findings)} findings:", *lines])
        remedies = dict.fromkeys(found.remedy for found in findings)
        raise ConfinementError(problem, remedy="\n  → ".join(remedies), rules=rules)
