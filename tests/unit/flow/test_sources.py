"""Where a model's text comes from: cells, files, packages, and what Python remembers."""

from __future__ import annotations

import json
import linecache
from pathlib import Path

import pytest

from recq_nb.flow.graph_reading import application_graph
from recq_nb.flow.lint.linting import lint
from recq_nb.flow.sources.cell_text import python_of_cell
from recq_nb.flow.sources.files import read_sources
from recq_nb.flow.sources.live import registered_sources
from recq_nb.flow.sources.notebook import notebook_sources
from recq_nb.flow.sources.source import Position, Source
from recq_nb.flow.sources.source_error import SourceError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.injection import InjectionSources
from recq_nb.modeling.registration import define

PAYLOADS = "from recq_nb import ServiceCommand\n\n\nclass NotifyCommand(ServiceCommand):\n    text: str\n"
SERVICE = """from recq_nb import command_handler, service
from shop import payloads as p


@service
class Mailer:
    @command_handler
    def notify(self, command: p.NotifyCommand) -> None:
        print(command.text)
"""


def _notebook(*cells: str | dict[str, object]) -> str:
    made = [
        {"cell_type": "code", "id": f"id{number}", "source": cell} if isinstance(cell, str) else cell
        for number, cell in enumerate(cells)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%%recq_payload\nclass A: ...", "\nclass A: ..."),
        ("\n%%recq_trace\nx = 1", "\n\nx = 1"),
        ("%load_ext recq_nb\nx = 1", "pass\nx = 1"),
        ("if x:\n    !ls -l\n    y = %sql select 1\nz?", "if x:\n    pass\n    pass\npass"),
        ("x = (7\n     % 2)", "x = (7\n     % 2)"),
        ("text = '''\n%load_ext\n'''", "text = '''\n%load_ext\n'''"),
        ("reply = await recq.send(x)", "reply = await recq.send(x)"),
        ("%%bash\nls", None),
        ("%%recq_sql frame\nselect 1", None),
    ],
)
def test_magics_are_taken_out_of_a_cell_line_by_line(cell: str, python: str | None) -> None:
    assert python_of_cell(cell) == python


def test_cells_of_a_notebook_are_numbered_as_code_cells_and_keep_their_ids() -> None:
    text = _notebook("x = 1", {"cell_type": "markdown", "source": "# text"}, "y = 2")

    assert notebook_sources(text, "n.ipynb") == (
        Source("x = 1", "n.ipynb", "__main__", cell=1, cell_id="id0", has_magics=True),
        Source("y = 2", "n.ipynb", "__main__", cell=2, cell_id="id2", has_magics=True),
    )


@pytest.mark.parametrize("text", ["", "[]", '{"worksheets": []}', "{"])
def test_what_is_no_notebook_is_refused(text: str) -> None:
    with pytest.raises(SourceError):
        notebook_sources(text, "n.ipynb")


def test_a_later_cell_replaces_a_definition_and_a_broken_one_leaves_the_rest() -> None:
    service = (
        "%%recq_component\n@service\nclass Mailer:\n    @command_handler\n    def {}(self, command: NotifyCommand): ..."
    )
    payload = "%%recq_payload\nclass NotifyCommand(ServiceCommand):\n    text: str"
    sources = notebook_sources(
        _notebook(payload, service.format("first"), "def broken(:", "raise ValueError", service.format("second")),
        "n.ipynb",
    )

    graph = application_graph(sources)

    assert [(handler.id, handler.position) for handler in graph.handler_by_id.values()] == [
        ("Mailer.second", Position("n.ipynb", 5, 5, 5, "id4"))
    ]
    assert [(one.rule, one.position) for one in lint(sources)] == [("RECQ001", Position("n.ipynb", 3, 1, 12, "id2"))]


def test_modules_beside_a_notebook_are_followed_but_findings_in_them_not_reported(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "__init__.py").write_text("")
    (shop / "payloads.py").write_text(PAYLOADS.replace("text: str", "text: list[str] = []"))
    (shop / "services.py").write_text(SERVICE.replace("from shop import", "from . import"))
    (tmp_path / "n.ipynb").write_text(_notebook("%load_ext recq_nb", "from shop.services import Mailer"))

    sources = read_sources(tmp_path / "n.ipynb")

    assert [edge.target for edge in application_graph(sources).edges] == ["Mailer.notify"]
    assert [source.module for source in sources if not source.is_asked_for] == [
        "shop",
        "shop.services",
        "shop.payloads",
    ]
    assert lint(sources) == []
    assert [one.rule for one in lint(read_sources(shop))] == ["RECQ034"]


@pytest.mark.parametrize("name", ["missing.py", "notes.txt", "empty"])
def test_a_path_that_names_no_source_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "empty").mkdir()

    with pytest.raises(SourceError):
        read_sources(tmp_path / name)


def test_what_cells_registered_is_found_in_the_texts_python_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "<cell 1>": "from recq_nb import *\n\nclass NotifyCommand(ServiceCommand):\n    text: str\n",
        "<cell 2>": "def shown(text):\n    return text.upper()\n",
        "<cell 3>": "class Loud:\n    def shout(self, text):\n        print(shown(text))\n",
        "<cell 4>": "@service\nclass Mailer(Loud):\n    @command_handler\n    def notify(self, c: NotifyCommand): 0\n",
        "<cell 5>": "print('nothing of the model')\n",
    }
    namespace: dict[str, object] = {"__name__": "__main__"}
    for name, text in texts.items():
        monkeypatch.setitem(linecache.cache, name, (len(text), None, text.splitlines(keepends=True), name))
        exec(compile(text, name, "exec"), namespace)
    classes = [one for one in (namespace["NotifyCommand"], namespace["Mailer"]) if isinstance(one, type)]
    defined = define(classes, InjectionSources())
    bundle = Bundle().redefine(defined.payloads, defined.components)

    sources = registered_sources(bundle, label=lambda name: name.strip("<>"))

    assert [source.path for source in sources] == ["cell 1", "cell 2", "cell 3", "cell 4"]
    assert [str(edge.positions[0]) for edge in application_graph(sources).edges] == ["cell 4:4"]
    assert lint(sources) == []


def test_a_module_is_found_though_its_package_is_not_at_hand() -> None:
    payloads = "from recq_nb import ServiceEvent\n\nclass PostedEvent(ServiceEvent):\n    text: str\n"
    components = (
        "from recq_nb import event_handler, observer\nfrom office.mail import letters\n\n"
        "@observer\nclass Reader:\n    @event_handler\n    def posted(self, event: letters.PostedEvent) -> None: ...\n"
    )
    graph = application_graph([Source(payloads, "l.py", "office.mail.letters"), Source(components, "r.py", "office.r")])

    assert [(edge.source, edge.target) for edge in graph.edges] == [("PostedEvent", "Reader.posted")]
