"""``%%recq_sql``: SQL over the read models and the event log, as a dataframe."""

from __future__ import annotations

import keyword

from recq_nb.errors import MagicUsageError
from recq_nb.magics.extension import Extension

NAME = "recq_sql"
_WRITE = "--write"
_USAGE = f"Write `%%{NAME}`, or `%%{NAME} name` to bind the dataframe, and the SQL below it; {_WRITE} lets it write."


class SqlMagic:
    """Runs a cell of SQL through the session."""

    def __init__(self, extension: Extension) -> None:
        self._extension = extension

    def __call__(self, line: str, cell: str) -> object:
        """Run the cell as SQL and show the result as a dataframe.

        ``%%recq_sql``          shows it.
        ``%%recq_sql name``     shows it and binds it to ``name``.
        ``%%recq_sql --write``  may also change tables of your own; the log never.

        Read models are tables named after their class (``todo_list_row``); the log is ``recq.events``.
        """
        words = line.split()
        names = [word for word in words if word != _WRITE]
        for name in names:
            if not name.isidentifier() or keyword.iskeyword(name):
                raise MagicUsageError(f"%%{NAME} was given {name!r}, which is no name for a variable.", remedy=_USAGE)
        if len(names) > 1:
            raise MagicUsageError(f"%%{NAME} binds one name, but got {', '.join(names)}.", remedy=_USAGE)
        if not cell.strip():
            raise MagicUsageError(f"This %%{NAME} cell holds no SQL.", remedy=_USAGE)
        frame = self._extension.session.sql(cell, write=_WRITE in words).df()
        for name in names:
            self._extension.shell.user_ns[name] = frame
        return frame
