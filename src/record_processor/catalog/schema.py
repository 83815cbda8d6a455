"""The JSON Schema of `actions.yaml` for editors, made from the same types that parse it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.catalog import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEFINITIONS = "#/$defs/{name}"
_ANNOTATIONS = ("default", "description", "title")
_NULL = {"type": "null"}
_REFERENCE = r"\$\{"
# Values from the environment are text, so a text that is a number is accepted as one.
_AS_TEXT = {
    "boolean": rf"{_REFERENCE}|^([Tt]rue|TRUE|[Ff]alse|FALSE|0|1)$",
    "integer": rf"{_REFERENCE}|^[-+]?[0-9]+$",
    "number": rf"{_REFERENCE}|^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$",
}


def schema(types: Sequence[str]) -> dict[str, Any]:
    """Return the schema of the whole file, with one definition for each of these actions.

    Whatever `check` accepts is valid under it, including `${NAME}` in place of any value.
    """
    settings = {name: registry.find(name).settings_type for name in types}
    _, definitions = msgspec.json.schema_components(
        settings.values(), ref_template=_DEFINITIONS, schema_hook=_custom_type
    )
    for name, kind in settings.items():
        definitions[kind.__name__]["properties"]["type"] = {"const": name}
    references = {name: _DEFINITIONS.format(name=kind.__name__) for name, kind in settings.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "record-processor actions",
        "type": "object",
        "properties": {"actions": {"type": "array", "minItems": 1, "items": _by_tag("type", references)}},
        "required": ["actions"],
        "additionalProperties": False,
        "$defs": {name: _relaxed(definition) for name, definition in definitions.items()},
    }


def _relaxed(look: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the schema that allows references wherever a value is expected."""
    annotations = {key: value for key, value in look.items() if key in _ANNOTATIONS}
    rule = {key: value for key, value in look.items() if key not in _ANNOTATIONS}
    kind = rule.get("type")
    if "anyOf" in rule:
        return {**_of_alternatives(rule), **annotations}
    if "properties" in rule:
        rule["properties"] = {key: _relaxed(value) for key, value in rule["properties"].items()}
        rule["additionalProperties"] = False
    for key in ("additionalProperties", "items"):
        if isinstance(rule.get(key), dict):
            rule[key] = _relaxed(rule[key])
    if kind in _AS_TEXT:
        rule = _unless({"type": "string", "pattern": _AS_TEXT[kind]}, rule)
    elif "enum" in rule or "const" in rule or "pattern" in rule:
        rule = _unless({"type": "string", "pattern": _REFERENCE}, rule)
    return {**rule, **annotations}


def _of_alternatives(rule: dict[str, Any]) -> dict[str, Any]:
    others = [one for one in rule["anyOf"] if one != _NULL]
    if "discriminator" in rule:
        inner = _by_tag(rule["discriminator"]["propertyName"], rule["discriminator"]["mapping"])
    elif len(others) == 1:
        inner = _relaxed(others[0])
    else:
        inner = {"anyOf": [_relaxed(one) for one in others]}
    return inner if len(others) == len(rule["anyOf"]) else _unless(_NULL, inner)


def _unless(excuse: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    """Return alternatives without `anyOf`: an error is then reported by the rule that was meant."""
    return {"if": excuse, "else": rule} if rule else {}


def _by_tag(tag: str, references: dict[str, str]) -> dict[str, Any]:
    """Return a mapping whose tag selects its kind: an error in it belongs to that kind, and names the key."""
    return {
        "type": "object",
        "properties": {tag: _relaxed({"enum": sorted(references)})},
        "required": [tag],
        "allOf": [
            {"if": {"properties": {tag: {"const": name}}, "required": [tag]}, "then": {"$ref": reference}}
            for name, reference in references.items()
        ],
    }


def _custom_type(kind: type) -> dict[str, Any]:
    """Let types of ours that read themselves from YAML describe their form."""
    look: dict[str, Any] = kind.yaml_schema()  # type: ignore[attr-defined]
    return look


def text(types: Sequence[str] | None = None) -> str:
    """Return the schema of these actions, or of all installed ones, as the text of a file."""
    return json.dumps(schema(registry.names() if types is None else types), indent=2, sort_keys=True)
