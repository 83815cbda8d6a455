"""`record-processor actions`: what is installed, and how it is configured, from the types that parse it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.catalog import registry
from record_processor.config.convert import description, structs_in
from record_processor.config.wording import unknown
from record_processor.errors import SetupError
from record_processor.plugin.record_format import FormattedSettings
from record_processor.plugin.settings import ActionSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from record_processor.plugin.action import Action

_WIDTH = 100


def listed() -> str:
    """Return all installed actions, one per line."""
    lines = []
    for one in registry.installed():
        package = "" if one.package == registry.OURS else f"  [{one.package}]"
        lines.append(f"{one.type_name:12} {_summary(_found(one.type_name))}{package}")
    return "\n".join([*lines, "", "record-processor actions NAME shows its settings and an example."])


def described(name: str) -> str:
    """Return one action's settings and an example.

    Raises:
        SetupError: there is no such action, or it cannot be loaded.
    """
    if name not in registry.names():
        raise SetupError(unknown("action", name, registry.names()))
    action = _found(name)
    common = {field.name for field in msgspec.structs.fields(ActionSettings)}
    fields = msgspec.structs.fields(action.settings_type)
    own = [field for field in fields if field.name not in common]
    shown: set[type[msgspec.Struct]] = set()
    parts = [f"{name}: {_summary(action)}", "", "Its own keys:", *_settings(own, shown)]
    parts += ["", "Keys of every action:", *_settings([field for field in fields if field.name in common], shown)]
    if action.example:
        parts += ["", "For example:", "", "actions:", textwrap.indent(action.example.rstrip(), "  ")]
    return "\n".join(parts)


def _found(name: str) -> type[Action[Any]]:
    try:
        return registry.find(name)
    except registry.BrokenActionError as error:
        raise SetupError(str(error)) from None


def _summary(action: type[Action[Any]]) -> str:
    """Return the first paragraph of its settings' documentation."""
    settings = action.settings_type
    text = settings.__doc__ if settings.__doc__ not in (None, ActionSettings.__doc__, FormattedSettings.__doc__) else ""
    return " ".join((text or "").split("\n\n")[0].split())


def _settings(
    fields: Iterable[msgspec.structs.FieldInfo], shown: set[type[msgspec.Struct]], indent: str = "  "
) -> Iterator[str]:
    """Yield one line per key; the inside of a group only where it appears first."""
    for field in fields:
        head = f"{indent}{field.encode_name}{_default(field)}"
        yield textwrap.fill(
            f"{head}: {description(field.type)}", _WIDTH, subsequent_indent=indent + "    ", break_long_words=False
        )
        for struct in structs_in(field.type):
            if struct not in shown:
                shown.add(struct)
                yield from _group(struct, shown, indent + "    ")


def _group(struct: type[msgspec.Struct], shown: set[type[msgspec.Struct]], indent: str) -> Iterator[str]:
    config = struct.__struct_config__
    if config.tag is not None:
        yield f"{indent}{config.tag_field}: {config.tag}"
        indent += "  "
    yield from _settings(msgspec.structs.fields(struct), shown, indent)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return " (required)"
    default = field.default
    if isinstance(default, bool):
        return f" (default {str(default).lower()})"
    return f" (default {default})" if isinstance(default, (str, int)) and not structs_in(field.type) else ""
