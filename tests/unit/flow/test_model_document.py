"""The model document keeps the schema it ships with."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import jsonschema
import pytest

from recq_nb.flow.application_graph import ApplicationGraph
from recq_nb.flow.graph_reading import application_graph
from recq_nb.flow.lint.linting import lint
from recq_nb.flow.model_document import VERSION, document_schema, model_document
from recq_nb.flow.sources.files import read_sources
from recq_nb.flow.sources.source import Source
from recq_nb.modeling.payload import Payload

DOMAINS = Path(__file__).parents[2] / "domains"
CELL = """class NotifyCommand(ServiceCommand):
    \"\"\"Tell somebody.

    More about it.
    \"\"\"

    text: str
    to: str = "all"

@service
class Mailer:
    @command_handler
    def notify(self, command: NotifyCommand) -> None:
        print(command.text)
"""


def _validated(document: object) -> object:
    jsonschema.Draft202012Validator(dict(document_schema())).validate(document)
    return json.loads(json.dumps(document))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(document_schema()))


@pytest.mark.parametrize("path", sorted(DOMAINS.glob("*.py")), ids=lambda path: path.stem)
def test_documents_of_whole_models_satisfy_the_schema(path: Path) -> None:
    sources = read_sources(path)

    _validated(model_document(application_graph(sources), findings=lint(sources)))


def test_an_empty_model_is_a_document() -> None:
    assert _validated(model_document(ApplicationGraph())) == {
        "format": "recq-model",
        "version": VERSION,
        "payloads": [],
        "components": [],
        "edges": [],
        "unresolved": [],
        "findings": [],
    }


def test_a_document_says_all_of_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("mail")
    monkeypatch.setitem(sys.modules, "mail", module)
    exec("from recq_nb import *\n" + CELL, vars(module))
    live: type[Payload] = vars(module)["NotifyCommand"]
    graph = application_graph([Source(CELL, "mail.ipynb", "mail", cell=2, cell_id="ab", has_magics=True)])

    document = _validated(model_document(graph, classes={"NotifyCommand": live}))

    def at(line: int, column: int = 1) -> dict[str, object]:
        return {"path": "mail.ipynb", "cell": 2, "cellId": "ab", "line": line, "column": column}

    assert document == {
        "format": "recq-model",
        "version": VERSION,
        "payloads": [
            {
                "name": "NotifyCommand",
                "kind": "service command",
                "fields": [
                    {"name": "text", "type": "str", "required": True},
                    {"name": "to", "type": "str", "required": False, "default": "'all'"},
                ],
                "position": at(1),
                "description": "Tell somebody.",
                "schema": live.model_json_schema(mode="serialization"),
            }
        ],
        "components": [
            {
                "name": "Mailer",
                "kind": "service",
                "position": at(11),
                "readModels": [],
                "handlers": [
                    {
                        "id": "Mailer.notify",
                        "name": "notify",
                        "kind": "command_handler",
                        "position": at(13, 5),
                        "async": False,
                        "init": False,
                        "handles": "NotifyCommand",
                    }
                ],
            }
        ],
        "edges": [{"source": "NotifyCommand", "target": "Mailer.notify", "kind": "handles", "positions": [at(13, 5)]}],
        "unresolved": [],
        "findings": [],
    }
