"""Components that say what they do in awkward ways: the graph knows all of it, and nothing else."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

from recq_nb.flow.application_graph import ApplicationGraph
from recq_nb.flow.graph_reading import application_graph
from recq_nb.flow.sources.source import Source
from recq_nb.modeling.injection import InjectionSources
from recq_nb.modeling.registration import define

TEXT = (Path(__file__).parent / "awkward_components.txt").read_text()


def _marked() -> set[tuple[str, str, str, int]]:
    found = set()
    for number, line in enumerate(TEXT.splitlines(), start=1):
        marks = line.partition("#: ")[2]
        for source, kind, target in re.findall(r"(\S+) (\w+) ([\w.]+)", marks):
            found.add((source, kind, target, number))
    return found


def _edges(graph: ApplicationGraph) -> set[tuple[str, str, str, int]]:
    return {
        (edge.source, str(edge.kind), edge.target, position.line) for edge in graph.edges for position in edge.positions
    }


def test_every_edge_of_awkward_components_is_found_with_its_lines_and_no_other() -> None:
    graph = application_graph([Source(TEXT, "awkward.py", "awkward")])

    assert _edges(graph) == _marked()
    assert graph.unresolved == ()


def test_the_awkward_components_are_components_that_could_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("awkward")
    monkeypatch.setitem(sys.modules, "awkward", module)
    exec(compile(TEXT, "awkward.py", "exec"), vars(module))

    defined = define([module], InjectionSources())

    graph = application_graph([Source(TEXT, "awkward.py", "awkward")])
    assert {(one.name, one.kind) for one in defined.components} == {(one.name, one.kind) for one in graph.components}
    assert {
        handler.label: None if handler.payload_type is None else handler.payload_name
        for one in defined.components
        for handler in one.handlers
    } == {name: handler.handles for name, handler in graph.handler_by_id.items()}
