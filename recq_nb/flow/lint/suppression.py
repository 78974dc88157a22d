"""Suppression: ``# recq: ignore[RECQ050]`` on the line of a finding says that it is meant so."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from recq_nb.flow.finding import Finding
from recq_nb.flow.sources.source import Position, Source

_COMMENT = re.compile(r"#\s*recq:\s*ignore(?:\[([^\]]*)\])?")


@dataclass(slots=True)
class Suppression:
    """One suppressing comment.

    Attributes:
        rules: Ids it names; None suppresses every rule on its line.
        used: Ids of what it has suppressed.
    """

    position: Position
    rules: frozenset[str] | None
    used: set[str] = field(default_factory=set)

    def useless(self, applied: Collection[str], known: Collection[str]) -> tuple[str, ...] | None:
        """The ids it names for nothing, empty for a comment without ids that silences nothing; None if it serves.

        Args:
            applied: Ids of the rules that have looked; nothing is said of others.
            known: Ids of all rules there are.
        """
        if self.rules is None:
            return None if self.used or applied != known else ()
        idle = sorted(rule for rule in self.rules - self.used if rule in applied or rule not in known)
        return tuple(idle) or None


class Suppressions:
    """The suppressing comments of some sources."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._by_line: dict[tuple[str, int, int], Suppression] = {}
        self._asked: list[Suppression] = []
        for source in sources:
            for line, column, text in _comments(source.text):
                found = _COMMENT.search(text)
                if found is None:
                    continue
                ids = found.group(1)
                rules = None if ids is None else frozenset(one.strip().upper() for one in ids.split(","))
                position = Position(source.path, source.cell, line, column + 1, source.cell_id)
                suppression = Suppression(position, rules)
                self._by_line[source.path, source.cell, line] = suppression
                if source.is_asked_for:
                    self._asked.append(suppression)

    def silence(self, finding: Finding) -> bool:
        """Whether a finding is suppressed; a comment without ids suppresses every rule on its line."""
        place = finding.position
        suppression = self._by_line.get((place.path, place.cell, place.line))
        if suppression is None or (suppression.rules is not None and finding.rule not in suppression.rules):
            return False
        suppression.used.add(finding.rule)
        return True

    def __iter__(self) -> Iterator[Suppression]:
        """Those in the sources that were asked for."""
        return iter(self._asked)


def _comments(text: str) -> Iterator[tuple[int, int, str]]:
    """Line, column and text of every comment; of whole lines where the text is no Python."""
    if "recq:" not in text:
        return
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        yield from ((number, 0, line) for number, line in enumerate(text.splitlines(), start=1))
    else:
        yield from ((*token.start, token.string) for token in tokens if token.type == tokenize.COMMENT)
