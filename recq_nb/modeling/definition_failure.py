"""Why a class statement failed: turns a library's long complaint into the rule, the place and the remedy.

Only for failures while Python executes the statement (an unknown name in an annotation, a field pydantic refuses).
Rules that need the finished class are checked by ``define_payload`` and ``define_component``.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Mapping

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError

from recq_nb.errors import ComponentDefinitionError, ModelingError, PayloadDefinitionError
from recq_nb.modeling.payload import Payload

_ADDRESS = re.compile(r" <[^<>]* at 0x[0-9a-f]+>")
_SERIALISABLE = "str, int, float, bool, Decimal, datetime, UUID, enums, lists, dicts, nested models, …"


def explain_class_statement(
    statement: ast.ClassDef, error: BaseException, line: int, namespace: Mapping[str, object]
) -> ModelingError | None:
    """The modelling error that says what a failed class statement got wrong.

    Args:
        statement: The class statement, as parsed.
        error: What executing it raised: a ``NameError`` of its own, or anything pydantic raised.
        line: The line of the statement that raised it.
        namespace: The namespace it was executed in.

    Returns:
        The error to raise instead, or None where the original says it best.
    """
    family = PayloadDefinitionError if _derives_from_payload(statement, namespace) else ComponentDefinitionError
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError) and error.name:
        return _unknown_name(statement, error.name, line, namespace, family)
    if type(error).__module__.partition(".")[0] != "pydantic" and not isinstance(
        error, ValueError | TypeError | NameError
    ):
        return None
    return _refused_by_pydantic(statement, error, namespace, family)


def _derives_from_payload(statement: ast.ClassDef, namespace: Mapping[str, object]) -> bool:
    for base in statement.bases:
        root = base.value if isinstance(base, ast.Subscript) else base
        found = namespace.get(root.id) if isinstance(root, ast.Name) else None
        if isinstance(found, type) and issubclass(found, Payload):
            return True
    return False


def _unknown_name(
    statement: ast.ClassDef, name: str, line: int, namespace: Mapping[str, object], family: type[ModelingError]
) -> ModelingError | None:
    """An annotation or base that mentions a name nobody defined; None when the name stands elsewhere."""
    for label, annotation in _annotations(statement):
        if annotation.lineno <= line <= (annotation.end_lineno or line) and _mentions(annotation, name):
            return family(
                f"{label} (line {line}) mentions {name}, which is not defined.", remedy=_define(name, namespace)
            )
    for base in statement.bases:
        if _mentions(base, name):
            return family(
                f"{statement.name} (line {line}) derives from {ast.unparse(base)}, and {name} is not defined.",
                remedy=_define(name, namespace),
            )
    return None


def _annotations(statement: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """Every annotation of the class body with what it annotates: ``Class.field`` or ``Class.method``."""
    for node in statement.body:
        if isinstance(node, ast.AnnAssign):
            yield f"{statement.name}.{ast.unparse(node.target)}", node.annotation
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
                if argument.annotation is not None:
                    yield f"{statement.name}.{node.name}", argument.annotation
            if node.returns is not None:
                yield f"{statement.name}.{node.name}", node.returns


def _mentions(annotation: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(annotation))


def _define(name: str, namespace: Mapping[str, object]) -> str:
    known = [candidate for candidate, value in namespace.items() if _is_annotation(value)]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    if close:
        return f"Did you mean {close[0]}? Otherwise define {name} in an earlier cell, or import it."
    return f"Define {name} in an earlier cell or above this class, or import it."


def _is_annotation(value: object) -> bool:
    return isinstance(value, type) or hasattr(value, "__metadata__")


def _refused_by_pydantic(
    statement: ast.ClassDef, error: BaseException, namespace: Mapping[str, object], family: type[ModelingError]
) -> ModelingError:
    code = error.code if isinstance(error, PydanticUserError) else None
    reason = _ADDRESS.sub("", str(error).partition("\n")[0]) or type(error).__name__
    if code == "schema-for-unknown-type":
        field = _unserialisable_field(statement, namespace)
        if field is not None:
            return family(
                f"{statement.name}.{ast.unparse(field.target)} (line {field.lineno}) is declared as "
                f"{ast.unparse(field.annotation)}, which cannot be written as JSON; every field is stored and sent as "
                "JSON.",
                remedy=f"Use a type pydantic can serialise: {_SERIALISABLE}",
            )
    if code in ("model-field-missing-annotation", "model-field-overridden"):
        assigned = _assignment(statement, reason)
        if assigned is not None:
            name = ast.unparse(assigned.targets[0])
            value = ast.unparse(assigned.value)
            return family(
                f"{statement.name}.{name} (line {assigned.lineno}) has a value but no type; every field declares its "
                "type.",
                remedy=f"Write `{name}: SomeType = {value}`; for a constant of the class, "
                f"`{name}: ClassVar[SomeType] = {value}`.",
            )
    named = re.search(r"'(\w+)'", reason) if code is None else None
    fields = {ast.unparse(node.target): node for node in statement.body if isinstance(node, ast.AnnAssign)}
    field = fields.get(named.group(1)) if named else None
    where = f"{statement.name}.{ast.unparse(field.target)} (line {field.lineno})" if field else statement.name
    return family(
        f"{where} cannot be defined: {reason.rstrip('.')}.",
        remedy="Declare each field as `name: type`, with a type pydantic can serialise and a name of its own.",
    )


def _unserialisable_field(statement: ast.ClassDef, namespace: Mapping[str, object]) -> ast.AnnAssign | None:
    for node in statement.body:
        if isinstance(node, ast.AnnAssign):
            code = compile(ast.Expression(node.annotation), "<annotation>", "eval")
            try:
                annotation: object = eval(code, dict(namespace))  # noqa: S307  the author's own annotation, once more
            except Exception:  # noqa: BLE001, S112  whatever it is, this annotation is not the one looked for
                continue
            try:
                TypeAdapter(annotation)  # type: ignore[arg-type]  # anything may stand there; that is the question
            except PydanticUserError:
                return node
    return None


def _assignment(statement: ast.ClassDef, reason: str) -> ast.Assign | None:
    named = re.search(r"[`'](\w+)(?: = |['`])", reason)
    for node in statement.body:
        if isinstance(node, ast.Assign) and named and ast.unparse(node.targets[0]) == named.group(1):
            return node
    return None
