"""Suppression: ``# recq: ignore[RECQ050]`` on the line of a finding says that it is meant so."""

from __future__ import annotations

import re
from collections.abc import Iterable

from recq_nb.flow.finding import Finding
from recq_nb.flow.sources.source import Source

_COMMENT = re.compile(r"#\s*recq:\s*ignore(?:\[([^\]]*)\])?")


class Suppressions:
    """The suppressing comments of some sources."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._by_line: dict[tuple[str, int, int], frozenset[str] | None] = {}
        for source in sources:
            for number, line in enumerate(source.text.splitlines(), start=1):
                found = _COMMENT.search(line)
                if found is not None:
                    ids = found.group(1)
                    rules = None if ids is None else frozenset(one.strip().upper() for one in ids.split(","))
                    self._by_line[source.path, source.cell, number] = rules

    def silence(self, finding: Finding) -> bool:
        """Whether a finding is suppressed; a comment without ids suppresses every rule on its line."""
        place = finding.position
        key = (place.path, place.cell, place.line)
        if key not in self._by_line:
            return False
        rules = self._by_line[key]
        return rules is None or finding.rule in rules
