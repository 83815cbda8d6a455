"""The reference of the actions: a page for each type, and one for the keys that all have."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from docs_site.tables import Key, keys_of, of_keys, table
from record_processor.catalog import registry
from record_processor.plugin.settings import ActionSettings

if TYPE_CHECKING:
    from record_processor.plugin.action import Action

NOTES = Path(__file__).parent.parent / "docs/reference/actions"


def pages() -> dict[str, str]:
    """Return the page of each built-in action, by address below `docs/`."""
    return {f"reference/actions/{name}.md": page(name) for name in registry.built_in()}


def page(name: str) -> str:
    """Return what an action does, its example, notes on it from `_NAME.md`, and its own keys."""
    action = registry.find(name)
    notes = NOTES / f"_{name}.md"
    parts = [f"# {name}", "", summary(action), "", *_example(action)]
    if notes.exists():
        parts += [notes.read_text().strip(), ""]
    parts += ["## Keys", "", *of_keys(own_keys(action)), ""]
    parts += ["[Keys of every action](index.md#keys-of-every-action): `filter`, `batch`, `retry`, `dead_letter` …", ""]
    return "\n".join(parts)


def overview() -> str:
    """Return the lines of a table of all built-in actions."""
    rows = ((f"[`{name}`]({name}.md)", summary(registry.find(name))) for name in registry.built_in())
    return "\n".join(table(("type", "what it does"), rows))


def common_keys() -> str:
    """Return the lines of a table of the keys that every action has."""
    return "\n".join(of_keys(keys_of(msgspec.structs.fields(ActionSettings))))


def own_keys(action: type[Action[Any]]) -> list[Key]:
    """Return the keys of one action that not every action has."""
    common = {field.name for field in msgspec.structs.fields(ActionSettings)}
    return list(keys_of(field for field in msgspec.structs.fields(action.settings_type) if field.name not in common))


def summary(action: type[Action[Any]]) -> str:
    """Return the first paragraph of its settings' docstring."""
    return " ".join((action.settings_type.__doc__ or "").split("\n\n")[0].split())


def _example(action: type[Action[Any]]) -> list[str]:
    return ["```yaml", "actions:", textwrap.indent(action.example.rstrip(), "  "), "```", ""]
