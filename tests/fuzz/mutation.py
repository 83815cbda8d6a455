"""Changing real inputs: bytes as bytes, and JSON's values place by place."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_DEEP = "deep in here: "
_DEEP_TEXT = re.compile(rf"{_DEEP}(\d{{1,4}})")
_DEEP_JSON = re.compile(rf'"{_DEEP_TEXT.pattern}"'.encode())
_OPENINGS = ((b"[", b"]"), (b'{"M": {"a": ', b"}}"), (b'{"L": [', b"]}"), (b'{"a": ', b"}"))
# Around what Python, msgspec and DynamoDB bear.
_DEPTHS = (3, 31, 33, 99, 101, 250, 480, 700, 1100, 6000)
_LENGTHS = (1, 2, 5, 100, 2000)
# `config/yaml_file.py` lets nothing through that is deeper.
_DEEPEST_IN_YAML = 99
# Longer ones cost time and show nothing more.
_LONGEST_BYTES = 20_000

# Each changes what reads it: Python's ints end at 4,300 digits of text, YAML's words are no text, and so on.
SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**63, 2**64, -(10**40), 10**400, 0.1, -0.0, 1e308, float("nan"), float("inf")),
    *("", " ", "a", "é", "𐏿", "\x00", "\x1b[2J", "\r\n", "\u2028", "NaN", "-Infinity", "1E999999999", "1e-400", "0x10"),
    *("٣", "1_000", "9" * 5000, "a" * 70_000, "*a" * 200, "..", "../x", "{", "}}", "{new.Total}", "{new.Total:0}"),
    *("{keys}", "{new[0].a}", "true", "null", "12", "1.50", "AA==", "not base64", "10.0.0.0/24", "::1", "10ms", "6MB"),
)
NAMES = (
    *("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M", "", "a.b", "é", "\x00", "$or", "prefix", "suffix"),
    *("wildcard", "exists", "numeric", "anything-but", "cidr", "exactly", "equals-ignore-case", "Keys", "NewImage"),
    *("OldImage", "dynamodb", "eventName", "SequenceNumber", "SizeBytes", "userIdentity", "type", "name", "filter"),
    *("template", "batch", "retry", "dead_letter", "aws", "concurrency"),
)
BRACKETS = (b"[", b"]", b"{", b"}", b'"', b"\\u", b",", b":")


def changed(value: Any, random: Random) -> Any:
    """A copy of a JSON value that differs in one place."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        name = random.choice(list(value))
        return {**value, name: changed(value[name], random)}
    if isinstance(value, list) and value and random.random() < 0.85:
        index = random.randrange(len(value))
        return [*value[:index], changed(value[index], random), *value[index + 1 :]]
    return _changed_here(value, random)


def _changed_here(value: Any, random: Random) -> Any:
    if isinstance(value, dict) and random.random() < 0.6:
        return _other_mapping(value, random)
    if isinstance(value, list) and random.random() < 0.6:
        return _other_list(value, random)
    kind = random.randrange(8)
    if kind == 0:
        return [value] * random.choice((0, 1, 3))
    if kind == 1:
        return {random.choice(NAMES): value}
    if kind == 2 and isinstance(value, str):
        return text_of(changed_bytes(value.encode("utf-8", "surrogatepass"), random))
    return deep(random) if kind == 3 else random.choice(SCALARS)


def _other_mapping(value: dict[str, Any], random: Random) -> dict[str, Any]:
    other = dict(value)
    if other and random.random() < 0.6:
        content = other.pop(random.choice(list(other)))
        if random.random() < 0.5:
            return other
    else:
        content = random.choice(SCALARS)
    return {**other, random.choice(NAMES): content}


def _other_list(value: list[Any], random: Random) -> list[Any]:
    if value and random.random() < 0.5:
        return value * random.choice((0, 2, 40))
    return [*value, random.choice(SCALARS)]


def deep(random: Random) -> str:
    """A text that `json_bytes` makes a deep nest of."""
    return f"{_DEEP}{random.choice(_DEPTHS)}"


def json_bytes(value: Any, random: Random) -> bytes:
    """The value as JSON, with its deep nests; sometimes with what JSON has not, such as NaN."""
    opening, closing = random.choice(_OPENINGS)
    content = json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    return _DEEP_JSON.sub(lambda found: opening * int(found[1]) + b'{"N": "1"}' + closing * int(found[1]), content)


def nested(value: Any, random: Random) -> Any:
    """The value with its deep nests as lists and mappings of Python's."""
    if isinstance(value, dict):
        return {name: nested(inner, random) for name, inner in value.items()}
    if isinstance(value, list):
        return [nested(inner, random) for inner in value]
    found = _DEEP_TEXT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    name, inner = random.choice((None, *NAMES)), value
    for _ in range(min(int(found[1]), _DEEPEST_IN_YAML)):
        inner = [inner] if name is None else {name: inner}
    return inner


def changed_bytes(content: bytes, random: Random, tokens: Sequence[bytes] = BRACKETS) -> bytes:
    """The content with a run of it changed, moved, repeated or left out, or with some of the tokens in it."""
    start = random.randrange(len(content) + 1)
    end = min(len(content), start + random.choice(_LENGTHS))
    before, run, after = content[:start], content[start:end], content[end:]
    token = random.choice(tokens)
    noise = bytes(random.randrange(256) for _ in run[:3])
    elsewhere = random.randrange(len(after) + 1)
    made = random.choice(
        (
            before + after,
            before + run * random.choice((2, 3, 50)) + after,
            before + token + run + after,
            before + token * random.choice((1, 2, 30, 1500)) + after,
            before + noise + after,
            before + after[:elsewhere] + run + after[elsewhere:],
        )
    )
    return made[:_LONGEST_BYTES]


def text_of(content: bytes) -> str:
    return content.decode("utf-8", "replace")
