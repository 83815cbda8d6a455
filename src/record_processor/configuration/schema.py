"""The JSON Schema of `actions.yaml` for editors, made from the same types that parse it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.actions import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEFINITIONS = "#/$defs/{name}"


def schema(types: Sequence[str]) -> dict[str, Any]:
    """The schema of the whole file, with one definition for each of these actions."""
    settings = {name: registry.find(name).settings_type for name in types}
    _, definitions = msgspec.json.schema_components(
        settings.values(), ref_template=_DEFINITIONS, schema_hook=_custom_type
    )
    for definition in definitions.values():
        definition["additionalProperties"] = False
    for name, kind in settings.items():
        definitions[kind.__name__]["properties"]["type"] = {"const": name}
    references = [{"$ref": _DEFINITIONS.format(name=kind.__name__)} for kind in settings.values()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "record-processor actions",
        "type": "object",
        "properties": {"actions": {"type": "array", "minItems": 1, "items": {"oneOf": references}}},
        "required": ["actions"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _custom_type(kind: type) -> dict[str, Any]:
    """Types of ours that read themselves from YAML say how they look there."""
    look: dict[str, Any] = kind.yaml_schema()  # type: ignore[attr-defined]
    return look


def text(types: Sequence[str] | None = None) -> str:
    """The schema of these actions, or of all that are installed, as a file has it."""
    return json.dumps(schema(registry.names() if types is None else types), indent=2, sort_keys=True)
