"""The part of a notebook that some names need: the statements that make them, and what those need, in order."""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from recq_nb.flow.slicing.statement import Statement, is_future_import, read_statement
from recq_nb.flow.sources.source_error import SourceError

_ADDED_BY_IPYTHON = {"display", "get_ipython"}
_OF_EVERY_MODULE = {"__name__", "__file__", "__doc__", "__builtins__", "__debug__"}
_PYTHON = (frozenset(dir(builtins)) - _ADDED_BY_IPYTHON) | _OF_EVERY_MODULE
_DISPLAY = "from IPython.display import display"


CellKind = Literal["plain", "definition", "specification"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it was run.

    Attributes:
        kind: What its magic makes of it.
        statements: What it did at top level; nothing for what is not Python, or from where it failed.
    """

    kind: CellKind
    statements: tuple[ast.stmt, ...]


class NotebookSlice:
    """Collects, for what is required of it, the newest statements of a notebook that make it.

    A name is made by the last statement that surely binds it, and changed by those after it. Where only specification
    cells bind a name, they make it.

    Args:
        cells: The notebook, in the order it was run.
        offered: Names there are anyway, besides Python's.
        session: The name of the session, which is nowhere else.
    """

    def __init__(self, cells: Iterable[Cell], offered: Iterable[str], session: str) -> None:
        self._known = _PYTHON | frozenset(offered)
        self._session = session
        self._statements: list[Statement] = []
        self._cell_of: list[int] = []
        self._plain: dict[str, list[int]] = defaultdict(list)
        self._specified: dict[str, list[int]] = defaultdict(list)
        self._has_future = False
        self._included: set[int] = set()
        self._met: set[str] = set()
        for number, cell in enumerate(cells):
            for node in cell.statements:
                self._index(node, number, self._specified if cell.kind == "specification" else self._plain)

    def _index(self, node: ast.stmt, number: int, places: dict[str, list[int]]) -> None:
        if is_future_import(node):
            self._has_future = True
            return
        try:
            statement = read_statement(node)
        except SyntaxError:  # what runs in no coroutine runs in no test either
            return
        place = len(self._statements)
        self._statements.append(statement)
        self._cell_of.append(number)
        for name in statement.makes | statement.changes | ({statement.calls} - {""}):
            places[name].append(place)

    # -- what is needed --------------------------------------------------------------------------------------------

    def makes(self, name: str) -> bool:
        """Whether a plain or definition cell makes a name."""
        return bool(self._makers(name, self._plain))

    def require(self, name: str, user: str) -> None:
        """Have everything included that this name needs.

        Args:
            name: A name of the notebook's namespace.
            user: Who uses it, for the reader of an error.

        Raises:
            SourceError: No statement that can be repeated makes it, or something it needs.
        """
        if name in self._met:
            return
        self._met.add(name)
        makers = self._makers(name, self._plain) or self._makers(name, self._specified)
        if not makers and name in self._known:
            return
        if not makers and name == "display":
            self._index(ast.parse(_DISPLAY).body[0], 0, self._plain)
            makers = self._plain[name]
        if not makers:
            raise self._nothing_makes(name, user)
        for place in makers:
            self._include(place, name, user)

    def changed_since(self, cell: int, names: Iterable[str]) -> list[str]:
        """What these names come from that plain and definition cells behind a cell have made or changed, by name."""
        waiting, seen, found = list(names), set[str](), list[str]()
        while waiting:
            name = waiting.pop(0)
            makers = self._makers(name, self._plain) if name not in seen else []
            before = self._makers(name, self._plain, until=cell) if name not in seen else []
            seen.add(name)
            if [ast.dump(self._statements[place].node) for place in makers] != [
                ast.dump(self._statements[place].node) for place in before
            ]:
                found.append(name)
            waiting += [needed for place in makers for needed in sorted(self._statements[place].needs)]
        return found

    def _include(self, place: int, name: str, user: str) -> None:
        statement = self._statements[place]
        if place in self._included or (statement.calls == name and not self._repeatable(statement)):
            return
        if statement.awaits:
            raise SourceError(
                f"{user} uses {name}, which a cell makes by awaiting; that cannot be repeated outside of the notebook.",
                remedy=f"Make {name} without await, or where it is used.",
            )
        self._included.add(place)
        for needed in sorted(statement.needs):
            self.require(needed, name)

    def _repeatable(self, statement: Statement) -> bool:
        """Whether a call made for its effect can be made in a file, too."""
        there = all(one in self._known or self._makers(one, self._plain) for one in statement.needs)
        return there and not statement.awaits

    def _makers(self, name: str, places: dict[str, list[int]], until: int | None = None) -> Sequence[int]:
        """What a name's value comes from: the last statement that surely binds it, and what touched it since."""
        touching = [place for place in places.get(name, []) if until is None or self._cell_of[place] <= until]
        bound = [place for place in touching if name in self._statements[place].makes]
        if not bound or (name == self._session and name not in self._known):
            return []
        sure = [place for place in bound if self._statements[place].replaces(name)]
        begin = sure[-1] if sure else bound[0]
        imported = self._statements[begin].is_import
        return [
            place
            for place in touching
            if place >= begin and not (imported and self._is_registration(self._statements[place], name))
        ]

    @staticmethod
    def _is_registration(statement: Statement, name: str) -> bool:
        """A decorator of an imported module changes nothing there that others rely on."""
        return name not in statement.makes and isinstance(
            statement.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        )

    def _nothing_makes(self, name: str, user: str) -> SourceError:
        if name == self._session:
            return SourceError(
                f"{user} uses {name}, the notebook's session, which is not there outside of the notebook.",
                remedy="A component uses the gateway it is given; a specification needs no session.",
            )
        if name == "get_ipython":
            return SourceError(
                f"{user} uses a magic or shell command, which is not there outside of the notebook.",
                remedy=f"Write it as plain Python, or keep it out of what {user} uses.",
            )
        return SourceError(
            f"{user} uses {name}, and no cell makes it in a way that can be repeated outside of the notebook.",
            remedy=f"Define {name} in a cell before, as a function, a class, a constant or an import.",
        )

    # -- the text --------------------------------------------------------------------------------------------------

    def statements(self) -> list[ast.stmt]:
        """The included statements, imports first where they can be, such that each finds what it needs.

        What a statement uses while it runs comes before it; otherwise they come in the order they were run.
        """
        paths = [place for place, one in enumerate(self._statements) if _extends_path(one) and self._repeatable(one)]
        if paths and any(self._statements[place].is_import for place in self._included):
            for place in paths:  # where the imports look
                self._include(place, "", "an import")
        first = {place for place in self._included if self._statements[place].is_import or place in paths}
        order: dict[int, None] = {}
        for place in (*sorted(first), *sorted(self._included - first)):
            self._arrange(place, order, set())
        future = ast.parse("from __future__ import annotations").body if self._has_future else []
        return [*future, *(self._statements[place].node for place in order)]

    def _arrange(self, place: int, order: dict[int, None], under_way: set[int]) -> None:
        if place in order or place in under_way:
            return
        under_way.add(place)
        for needed in sorted(self._before(place)):
            self._arrange(needed, order, under_way)
        under_way.discard(place)
        order[place] = None

    def _before(self, place: int) -> set[int]:
        """The included statements that have to have run: what it uses at once, and what the functions it calls use."""
        found: set[int] = set()
        names, seen = list(self._statements[place].eager), set[str]()
        while names:
            name = names.pop()
            if name in seen:
                continue
            seen.add(name)
            for maker in self._makers(name, self._plain) or self._makers(name, self._specified):
                if maker in self._included and maker != place:
                    found.add(maker)
                    names += self._statements[maker].needs
        return found


def _extends_path(statement: Statement) -> bool:
    return statement.calls == "sys" and ast.unparse(statement.node).startswith("sys.path.")
