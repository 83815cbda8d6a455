"""`${NAME}`, `${NAME:default}` and `${file:/run/secrets/x}` in configuration files.

Values from the environment or a file are remembered, so that no log and no error shows them; a default is visible in
the file anyway. `$${` means `${` itself.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from record_processor.config import exposed
from record_processor.config.bounded_file import UnreadableError, read_text
from record_processor.errors import encodable
from record_processor.text import redaction

if TYPE_CHECKING:
    from record_processor.config.wording import KeyPath

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = "file:"


class UnknownValue(ValueError):  # noqa: N818 - it becomes a mistake at the place where it stands
    """A reference cannot be resolved, or is malformed."""


def filled_in(text: str) -> str:
    """Return the text with its references replaced by their values.

    Raises:
        UnknownValue: with what to do about it, and without any value.
    """
    return _REFERENCE.sub(_value, text)


def filled_in_everywhere(data: Any, at: KeyPath, problems: list[tuple[KeyPath, str]]) -> Any:
    """Replace references in every text of a document except its keys; add unresolved ones to `problems`."""
    if isinstance(data, str):
        try:
            return filled_in(data)
        except UnknownValue as error:
            problems.append((at, str(error)))
            return data
    if isinstance(data, list):
        return [filled_in_everywhere(value, (*at, index), problems) for index, value in enumerate(data)]
    if isinstance(data, dict):
        return {key: filled_in_everywhere(value, (*at, str(key)), problems) for key, value in data.items()}
    return data


def _value(match: re.Match[str]) -> str:
    if match.group() == "$${":
        return "${"
    inside = match.group(1)
    if not match.group().endswith("}"):
        raise UnknownValue(f"{match.group()!r} is not closed; for a literal ${{ write $${{")
    value, secret = _from_file(inside[len(_FILE) :]) if inside.startswith(_FILE) else _from_environment(inside)
    if secret:
        redaction.remember([value])
    return value


def _from_environment(inside: str) -> tuple[str, bool]:
    name, colon, default = inside.partition(":")
    if not _NAME.fullmatch(name):
        raise UnknownValue(
            f"expected ${{NAME}}, ${{NAME:default}} or ${{file:/path}}, found ${{{inside}}}; "
            "for a literal ${ write $${"
        )
    if name in os.environ:
        if encodable(os.environ[name]) != os.environ[name]:
            raise UnknownValue(f"the environment variable {name} is not UTF-8 text")
        return os.environ[name], True
    if colon:
        return default, False
    raise UnknownValue(f"the environment variable {name} is not set; set it, or give a default: ${{{name}:default}}")


def _from_file(path: str) -> tuple[str, bool]:
    try:
        text = read_text(Path(path)).replace("\r\n", "\n").replace("\r", "\n")
    except UnreadableError as error:
        raise UnknownValue(f"${{file:{path}}} {error}") from None
    exposed.look_at(Path(path), holds_secrets=True)
    return text.removesuffix("\n"), True
