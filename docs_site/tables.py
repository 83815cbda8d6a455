"""Tables in Markdown, and a table of the keys that a type of settings reads from YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from record_processor.config.convert import description, structs_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Key(NamedTuple):
    """One key of a mapping in YAML."""

    name: str
    """With the keys around it: `batch.size`."""
    default: str
    description: str


def keys_of(fields: Iterable[msgspec.structs.FieldInfo], around: str = "") -> Iterator[Key]:
    """Yield each key, followed by those inside its value."""
    for field in fields:
        name = around + field.encode_name
        yield Key(name, _default(field), description(field.type))
        for struct in structs_in(field.type):
            yield from _inside(struct, name)


def _inside(struct: type[msgspec.Struct], name: str) -> Iterator[Key]:
    tag = struct.__struct_config__.tag
    label = name if tag is None else f"{name}({tag})"
    yield from keys_of(msgspec.structs.fields(struct), f"{label}.")


def _default(field: msgspec.structs.FieldInfo) -> str:
    """Empty if the description says what happens without the key."""
    if field.required:
        return "required"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    is_plain = isinstance(field.default, (str, int)) and field.default != "" and not structs_in(field.type)
    return f"`{field.default}`" if is_plain else ""


def of_keys(keys: Iterable[Key]) -> list[str]:
    """Return the lines of a table of keys."""
    return table(("key", "default", "what it does"), ((f"`{key.name}`", key.default, key.description) for key in keys))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the lines of a table. Cells are Markdown; what would end a cell or begin HTML is escaped."""
    return [_line(head), _line(("---",) * len(head)), *(_line(tuple(map(_cell, row))) for row in rows)]


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
