"""What the only writer of a log knows of it without reading: versions of aggregates, ids of commands."""

from __future__ import annotations

from collections.abc import Iterable

LIMIT = 300_000
"""Beyond so many entries the knowledge is given up as incomplete; the log is read instead."""


class KnownVersions:
    """The version each aggregate is at.

    Attributes:
        complete: Whether an aggregate that is not known does not exist.
    """

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}
        self.complete = True

    def get(self, aggregate_id: str) -> int | None:
        """The version of an aggregate; None if it has to be looked up."""
        version = self._versions.get(aggregate_id)
        return 0 if version is None and self.complete else version

    def learn(self, aggregate_id: str, version: int) -> None:
        """An aggregate is at this version."""
        self._versions[aggregate_id] = version
        if len(self._versions) > LIMIT:
            self._versions.clear()
            self._versions[aggregate_id] = version
            self.complete = False

    def forget(self, aggregate_ids: Iterable[str]) -> None:
        """These have to be looked up again."""
        for aggregate_id in aggregate_ids:
            self._versions.pop(aggregate_id, None)
            self.complete = False


class KnownCommands:
    """The commands that have an outcome in the log.

    Attributes:
        complete: Whether a command that is not known has no outcome.
    """

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self.complete = True

    def may_have_outcome(self, command_id: str) -> bool:
        """False only if it certainly has none."""
        return not self.complete or command_id in self._ids

    def learn(self, command_ids: Iterable[str]) -> None:
        """These have outcomes."""
        if not self.complete:
            return
        self._ids.update(command_ids)
        if len(self._ids) > LIMIT:
            self.give_up()

    def give_up(self) -> None:
        """Answer "may be" from now on."""
        self._ids.clear()
        self.complete = False
