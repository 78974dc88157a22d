"""Completion of ``%recq``: its subcommands, their words, and paths where one is due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.interactiveshell import InteractiveShell

_PATH = "PATH"


class LineMatcher:
    """What IPython asks for completions of a line that begins with the magic.

    Args:
        name: The line magic.
        usages: For each subcommand what may follow it, e.g. ``[export PATH]`` or ``PATH|memory``.
    """

    def __init__(self, name: str, usages: Mapping[str, str]) -> None:
        self._command = f"%{name}"
        self._usages = usages

    @context_matcher(identifier="recq_line_magic")  # type: ignore[untyped-decorator,unused-ignore]  # IPython's
    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """The words that may stand where the cursor is, instead of everybody else's (IPython's matcher protocol)."""
        text = context.text_until_cursor
        before = text.split()
        begun = before.pop() if before and not text[-1:].isspace() else ""
        words: list[str] = []
        if before[:1] == [self._command]:  # without the sign it is the session itself
            words = [word for word in self._following(before[1:], begun) if word.startswith(begun)]
        return {"completions": [SimpleCompletion(word) for word in words], "matched_fragment": begun, "suppress": True}

    def _following(self, before: Sequence[str], begun: str) -> list[str]:
        """What may stand after these words."""
        if not before:
            return list(self._usages)
        steps = self._usages.get(before[0], "").strip("[]").split()
        place = len(before) - 1
        choices = steps[place].split("|") if place < len(steps) else []
        return [*(choice for choice in choices if choice != _PATH), *(_paths(begun) if _PATH in choices else ())]

    def install(self, shell: InteractiveShell) -> None:
        """Have a shell ask it."""
        shell.Completer.custom_matchers.append(self.match)

    def remove(self, shell: InteractiveShell) -> None:
        """Have a shell ask it no more."""
        shell.Completer.custom_matchers.remove(self.match)


def _paths(begun: str) -> Iterator[str]:
    """What there is in the folder that was begun; a name with spaces would need quotes and is left out."""
    head = begun[: begun.rfind("/") + 1]
    try:
        found = sorted(Path(head or ".").expanduser().iterdir())
    except OSError:
        return
    for path in found:
        if not (path.name.startswith(".") or len(path.name.split()) > 1):
            yield f"{head}{path.name}{'/' if path.is_dir() else ''}"
