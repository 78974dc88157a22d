"""The extension in one shell: its session, and the names it lends to the user's namespace."""

from __future__ import annotations

from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

import recq_nb
from recq_nb.magics.cell_log import CellLog
from recq_nb.session import Session

SESSION_NAME = "recq"
PUBLIC_NAMES: tuple[str, ...] = tuple(recq_nb.__all__)
"""What a cell may use without an import, and ``from recq_nb import *`` brings."""


class Extension:
    """Owns the session that cells talk to.

    That is the session bound to ``recq``: a modeller who needs one made differently (an injector, a timeout) binds
    it, ``recq = Session(injector=…)``, and the magics use it from then on.

    Attributes:
        cells: Every cell that was run, in that order.

    Args:
        shell: The shell.
        store: Where the first session keeps its events, ``"memory"`` or a path.

    Raises:
        StoreError: The store cannot be opened; nothing was bound.
    """

    def __init__(self, shell: InteractiveShell, store: str | Path) -> None:
        self.shell = shell
        self._session = Session(store)
        self._opened = [self._session]
        self._lent: dict[str, object] = {}
        self.cells = CellLog(shell)
        self.cells.install()
        self.shell.user_ns[SESSION_NAME] = self._session
        self.bind_names()

    @property
    def session(self) -> Session:
        """The session bound to ``recq``, or the last that was."""
        bound = self.shell.user_ns.get(SESSION_NAME)
        if isinstance(bound, Session):
            self._session = bound
        self._session.source_label = self._cell_name
        return self._session

    def _cell_name(self, filename: str) -> str:
        """``In[3]`` for the file name IPython gives a cell; other files keep theirs."""
        named = self.shell.compile.format_code_name(filename)
        return named[1] if named is not None else filename

    def bind_names(self) -> None:
        """Lend ``recq`` and the public names of recq_nb, except where the user has a binding of that name."""
        self.shell.user_ns.setdefault(SESSION_NAME, self._session)
        for name in recq_nb.__all__:
            if name not in self.shell.user_ns and not name.endswith("_ipython_extension"):
                self._lent[name] = self.shell.user_ns[name] = getattr(recq_nb, name)
                self.shell.user_ns_hidden[name] = self._lent[name]

    def open_store(self, store: str | Path) -> Session:
        """Go on in another store with everything that is registered; the session so far is closed.

        Raises:
            StoreError: The store cannot be opened; the session so far stays in use.
            ModelingError: A definition no longer fits; likewise.
        """
        before = self.session
        session = before.moved_to(store)
        self._opened.append(session)
        self._session = self.shell.user_ns[SESSION_NAME] = session
        self._close(before)
        return session

    def _close(self, session: Session) -> None:
        session.close()
        if session in self._opened:
            self._opened.remove(session)

    def close(self) -> None:
        """Close every session the extension opened. Idempotent."""
        for session in tuple(self._opened):
            self._close(session)

    def unload(self) -> None:
        """Close, and take back the names that still mean what they were lent for."""
        self._lent[SESSION_NAME] = self._session
        self.cells.remove()
        self.close()
        for name, value in self._lent.items():
            if self.shell.user_ns.get(name) is value:
                del self.shell.user_ns[name]
                self.shell.user_ns_hidden.pop(name, None)
