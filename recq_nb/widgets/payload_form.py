"""Forms: the fields a command or query is filled in with, read from the JSON Schema pydantic gives of it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import cast

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DecimalSchema

from recq_nb.modeling.payload import AggregateIdMarker, LockIdMarker, Payload
from recq_nb.modeling.payload_field import payload_fields
from recq_nb.widgets.protocol.console import Choice, Control, FormNode
from recq_nb.widgets.wire_body import sendable

Schema = Mapping[str, object]
_DEEPEST = 12
"""Levels of a form; what lies deeper is edited as JSON."""
_FORMATS: dict[str, tuple[Control, str]] = {
    "date": ("date", "date"),
    "date-time": ("datetime", "date and time"),
    "time": ("time", "time"),
    "duration": ("duration", "duration"),
    "uuid": ("uuid", "UUID"),
    "binary": ("bytes", "bytes"),
    "base64url": ("bytes", "bytes as base64"),
    "base64": ("bytes", "bytes as base64"),
    "password": ("secret", "secret"),
    "decimal": ("decimal", "decimal number"),
}
_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "a multiple of {}",
    "maxDigits": "at most {} digits",
    "decimalPlaces": "at most {} decimal places",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matches {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
}


class _FormSchema(GenerateJsonSchema):
    """Pydantic's JSON Schema, in which a ``Decimal`` differs from ``float | str``."""

    def decimal_schema(self, schema: DecimalSchema) -> JsonSchemaValue:
        """A decimal number, with its bounds."""
        names = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
        names |= {"multiple_of": "multipleOf", "max_digits": "maxDigits", "decimal_places": "decimalPlaces"}
        bounds = {names[key]: str(value) for key, value in schema.items() if key in names}
        return {"type": "string", "format": "decimal", **bounds}


def form_of(payload_type: type[Payload]) -> FormNode:
    """The form of a payload: one node a field, nested as the payload is.

    Everything JSON Schema can say has a control; a model that contains itself, values of any type and schemas of a
    payload's own making are edited as JSON. Names are those pydantic reads, so aliases where there are any.
    """
    schema = cast("Schema", payload_type.model_json_schema(mode="validation", schema_generator=_FormSchema))
    root = _Reader(cast("Mapping[str, Schema]", schema.get("$defs", {}))).node(schema, "", 0)
    root["description"] = inspect.cleandoc(payload_type.__doc__ or "")
    root["label"] = payload_type.__name__
    labels = {field.name: field.type_label for field in payload_fields(payload_type)}
    for name, field in payload_type.model_fields.items():
        known = {name, field.alias, field.validation_alias}
        for node in root["nodes"]:
            if node["name"] in known:
                if node["control"] == "bytes" and "base64" in node["label"]:
                    node["hint"] = ", ".join(filter(None, [node["hint"], "as base64"]))
                node["label"] = labels.get(name, node["label"])
                if any(isinstance(mark, AggregateIdMarker) for mark in field.metadata):
                    node["role"] = "aggregate_id"
                if any(isinstance(mark, LockIdMarker) for mark in field.metadata):
                    node["role"] = "lock_id"
    return root


class _Reader:
    """Reads one schema; ``$ref`` is looked up in its definitions, and one that leads to itself ends as JSON."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._open: list[str] = []

    def node(self, schema: Schema, name: str, depth: int) -> FormNode:
        reference = schema.get("$ref")
        if reference is None and len(only := _list(schema.get("allOf"))) == 1:
            return self.node({**only[0], **_without(schema, "allOf")}, name, depth)
        if not isinstance(reference, str):
            return self._described(self._plain(schema, name, depth), schema)
        target = reference.rsplit("/", 1)[-1]
        if target in self._open or target not in self._definitions or depth > _DEEPEST:
            return self._described(_made("json", name, _title(self._definitions.get(target, {}), target)), schema)
        self._open.append(target)
        try:
            node = self.node(self._definitions[target], name, depth)
        finally:
            self._open.pop()
        return self._described(node, _without(schema, "$ref"))

    def _described(self, node: FormNode, schema: Schema) -> FormNode:
        """The node with what a schema says beside its type."""
        if description := schema.get("description"):
            node["description"] = str(description)
        if examples := _values(schema.get("examples")):
            node["description"] = f"{node['description']} E.g. {_text(examples[0])}.".strip()
        hints = [_bound(key, schema[key]) for key in _BOUNDS if key in schema and _says(node, schema, key)]
        if schema.get("uniqueItems"):
            hints.append("no item twice")
        if hints:
            node["hint"] = ", ".join(hints)
        if "default" in schema:
            node["has_default"] = True
            node["default"] = sendable(schema["default"])
        return node

    def _plain(self, schema: Schema, name: str, depth: int) -> FormNode:  # noqa: PLR0911  one return a type
        if "const" in schema or "enum" in schema:
            return _chosen(schema, name)
        if branches := _list(schema.get("anyOf")) or _list(schema.get("oneOf")):
            return self._one_of(schema, branches, name, depth)
        match schema.get("type"):
            case "object":
                return self._object(schema, name, depth)
            case "array":
                return self._array(schema, name, depth)
            case "string":
                return _string(schema, name)
            case "integer":
                return _made("integer", name, "whole number")
            case "number":
                return _made("number", name, "number")
            case "boolean":
                return _made("bool", name, "yes or no")
            case "null":
                return _chosen({"const": None}, name)
            case _:
                return _made("json", name, "JSON")

    def _one_of(self, schema: Schema, branches: Sequence[Schema], name: str, depth: int) -> FormNode:
        some = [branch for branch in branches if branch.get("type") != "null"]
        if len(some) < len(branches):
            inner = self.node(some[0], "", depth) if len(some) == 1 else self._one_of(schema, some, "", depth)
            return _made("optional", name, f"{inner['label']} or nothing", [inner])
        if len(some) == 1:
            return self.node(some[0], name, depth)
        nodes = [self.node(branch, "", depth + 1) for branch in some]
        for node, branch in zip(nodes, some, strict=True):
            target = str(branch.get("$ref", "")).rsplit("/", 1)[-1]
            if target:
                node["label"] = _title(self._definitions.get(target, {}), target)
        return _made("union", name, " or ".join(dict.fromkeys(node["label"] for node in nodes)), nodes)

    def _object(self, schema: Schema, name: str, depth: int) -> FormNode:
        properties = schema.get("properties")
        extra = schema.get("additionalProperties")
        if isinstance(properties, Mapping) and not isinstance(extra, Mapping) and extra is not True:
            required = schema.get("required")
            must = set(required) if isinstance(required, list) else set()
            nodes = []
            for field, given in properties.items():
                node = self.node(cast("Schema", given), field, depth + 1)
                node["required"] = field in must
                node["has_default"] = field not in must
                nodes.append(node)
            return _made("object", name, _title(schema, "object"), nodes)
        if isinstance(properties, Mapping) and properties:
            return _made("json", name, _title(schema, "JSON object"))
        patterns = schema.get("patternProperties")
        values: object = extra
        keys: Schema = {"type": "string"}
        if isinstance(patterns, Mapping) and len(patterns) == 1:
            ((pattern, values),) = patterns.items()
            keys = {"type": "string", "pattern": pattern}
        if isinstance(names := schema.get("propertyNames"), Mapping):
            keys = {"type": "string", **names}
        if not isinstance(values, Mapping):
            values = {}
        key, value = self.node(keys, "", depth + 1), self.node(cast("Schema", values), "", depth + 1)
        return _bounded(_made("map", name, f"entries of {value['label']}", [key, value]), schema, "Properties")

    def _array(self, schema: Schema, name: str, depth: int) -> FormNode:
        places = _list(schema.get("prefixItems"))
        items = schema.get("items")
        if places and not isinstance(items, Mapping):
            nodes = [self.node(place, "", depth + 1) for place in places]
            return _made("tuple", name, ", ".join(node["label"] for node in nodes), nodes)
        if places:
            return _made("json", name, "JSON list")
        if schema.get("maxItems") == 0:
            return _made("tuple", name, "nothing", [])
        item = self.node(cast("Schema", items) if isinstance(items, Mapping) else {}, "", depth + 1)
        return _bounded(_made("list", name, f"list of {item['label']}", [item]), schema, "Items")


def _made(control: Control, name: str, label: str, nodes: Sequence[FormNode] = ()) -> FormNode:
    return {
        "control": control,
        "name": name,
        "label": label,
        "description": "",
        "hint": "",
        "required": True,
        "has_default": False,
        "default": None,
        "role": "",
        "choices": [],
        "nodes": list(nodes),
        "least": 0,
        "most": -1,
    }


def _bounded(node: FormNode, schema: Schema, what: str) -> FormNode:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    node["least"] = least if isinstance(least, int) else 0
    node["most"] = most if isinstance(most, int) else -1
    return node


def _chosen(schema: Schema, name: str) -> FormNode:
    values = _values(schema["enum"]) if "enum" in schema else [schema["const"]]
    choices: list[Choice] = [{"label": _text(value), "value": value} for value in values]
    control: Control = "const" if len(choices) == 1 else "choice"
    node = _made(control, name, " or ".join(choice["label"] for choice in choices)[:60])
    node["choices"] = choices
    return node


def _string(schema: Schema, name: str) -> FormNode:
    control, label = _FORMATS.get(str(schema.get("format", "")), ("text", str(schema.get("format", "") or "text")))
    if schema.get("contentMediaType") == "application/json":
        return _made("long_text", name, "JSON as text")
    if schema.get("writeOnly"):
        control = "secret"
    return _made(control, name, label)


def _says(node: FormNode, schema: Schema, key: str) -> bool:
    """Whether a bound tells a reader anything; the length of a tuple is plain to see."""
    if node["control"] == "tuple":
        return False
    return not (key == "minLength" and schema[key] == 0)


def _bound(key: str, value: object) -> str:
    text = _BOUNDS[key].format(value)
    return text if value != 1 else text.replace("entries", "entry").removesuffix("s")


def _title(schema: Schema, otherwise: str) -> str:
    """The name of a class; other titles are field names once more."""
    title = schema.get("title")
    return title if isinstance(title, str) and ("properties" in schema or "enum" in schema) else otherwise


def _text(value: object) -> str:
    return value if isinstance(value, str) else "nothing" if value is None else str(value)


def _values(given: object) -> list[object]:
    return list(given) if isinstance(given, list) else []


def _list(given: object) -> list[Schema]:
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def _without(schema: Schema, *keys: str) -> dict[str, object]:
    return {key: value for key, value in schema.items() if key not in keys}
