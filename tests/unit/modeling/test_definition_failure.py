"""A class statement that fails says which rule it breaks, where, and what to write instead."""

from __future__ import annotations

import ast
import traceback

import pytest
from pydantic import BaseModel

from recq_nb.errors import ComponentDefinitionError, ModelingError, PayloadDefinitionError
from recq_nb.modeling.definition_failure import explain_class_statement
from recq_nb.modeling.payload import AggregateId, DomainCommand, Query, View
from recq_nb.modeling.read_model import ReadModel


class Opaque:
    """A class pydantic knows nothing of."""


def explain(source: str) -> ModelingError | None:
    namespace: dict[str, object] = {
        "AggregateId": AggregateId,
        "BaseModel": BaseModel,
        "DomainCommand": DomainCommand,
        "Opaque": Opaque,
        "Query": Query,
        "ReadModel": ReadModel,
        "View": View,
    }
    statement = ast.parse(source).body[0]
    assert isinstance(statement, ast.ClassDef)
    with pytest.raises(Exception) as raised:  # noqa: PT011  what is raised is Python's or pydantic's choice
        exec(compile(source, "<cell>", "exec", dont_inherit=True), namespace)
    line = next(
        frame.lineno
        for frame in reversed(traceback.extract_tb(raised.tb))
        if frame.filename == "<cell>" and frame.lineno is not None
    )
    return explain_class_statement(statement, raised.value, line, namespace)


NO_JSON = "which cannot be written as JSON; every field is stored and sent as JSON."
USE_JSON = (
    "Use a type pydantic can serialise: str, int, float, bool, Decimal, datetime, UUID, enums, lists, dicts, nested "
    "models, …"
)
EXPLAINED: dict[str, tuple[type[ModelingError], str, str]] = {
    "class A(DomainCommand):\n    identifier: AgregateId": (
        PayloadDefinitionError,
        "A.identifier (line 2) mentions AgregateId, which is not defined.",
        "Did you mean AggregateId? Otherwise define AgregateId in an earlier cell, or import it.",
    ),
    "class A(Query[SomeView]): pass": (
        PayloadDefinitionError,
        "A (line 1) derives from Query[SomeView], and SomeView is not defined.",
        "Define SomeView in an earlier cell or above this class, or import it.",
    ),
    "class A:\n    def on(\n        self,\n        event: Missing,\n    ) -> None: ...": (
        ComponentDefinitionError,
        "A.on (line 4) mentions Missing, which is not defined.",
        "Define Missing in an earlier cell or above this class, or import it.",
    ),
    "class A:\n    async def on(self) -> Missing: ...": (
        ComponentDefinitionError,
        "A.on (line 2) mentions Missing, which is not defined.",
        "Define Missing in an earlier cell or above this class, or import it.",
    ),
    "class A(View):\n    name: str\n    inner: list[Opaque] | None = None": (
        PayloadDefinitionError,
        f"A.inner (line 3) is declared as list[Opaque] | None, {NO_JSON}",
        USE_JSON,
    ),
    "class A(ReadModel):\n    inner: Opaque": (
        ComponentDefinitionError,
        f"A.inner (line 2) is declared as Opaque, {NO_JSON}",
        USE_JSON,
    ),
    "class A(View):\n    _hidden: int\n    x: 5": (
        PayloadDefinitionError,
        f"A.x (line 3) is declared as 5, {NO_JSON}",
        USE_JSON,
    ),
    "class A(View):\n    name = 'x'": (
        PayloadDefinitionError,
        "A.name (line 2) has a value but no type; every field declares its type.",
        "Write `name: SomeType = 'x'`; for a constant of the class, `name: ClassVar[SomeType] = 'x'`.",
    ),
    "class A(View):\n    model_dump: int": (
        PayloadDefinitionError,
        (
            "A.model_dump (line 2) cannot be defined: Field 'model_dump' conflicts with member of protected namespace "
            "'model_dump'."
        ),
        "Declare each field as `name: type`, with a type pydantic can serialise and a name of its own.",
    ),
}


@pytest.mark.parametrize("source", EXPLAINED)
def test_a_failed_class_statement_is_explained(source: str) -> None:
    error = explain(source)
    assert error is not None
    assert (type(error), error.problem, error.remedy) == EXPLAINED[source]


@pytest.mark.parametrize(
    "source",
    [
        "class A(View):\n    name: str = missing",
        "class A(View):\n    name: str\n    1 / 0",
        "@missing\nclass A(View):\n    name: str",
    ],
    ids=["an unknown name in a value", "an exception of the author's own", "an unknown decorator"],
)
def test_what_python_says_best_is_left_to_python(source: str) -> None:
    assert explain(source) is None
