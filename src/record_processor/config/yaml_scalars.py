"""What YAML 1.1 makes of words that look like text: `NO`, `on`, `1.10`, `0123`, `12:30`, `2026-11-25`.

The text of each such scalar is remembered with its place, so that an error there can say what to quote.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from record_processor.config.wording import shown
from record_processor.errors import encodable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record_processor.config.wording import KeyPath, Problem

_TAG = "tag:yaml.org,2002:"
TEXT = f"{_TAG}str"
_KINDS = tuple(f"{_TAG}{name}" for name in ("bool", "float", "int", "null", "timestamp"))
# Longer than any number that is meant: Python reads and writes numbers of thousands of digits in quadratic time, or not
# at all.
_LONGEST_NUMBER = 400
_WORDS = {"true": True, "false": False}
# YAML 1.1 reads octal numbers after a 0, and sexagesimal ones with colons: nobody means that.
_ODD_NUMBER = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")


class Scalar(NamedTuple):
    """An unquoted scalar that YAML does not read as text."""

    source: str
    value: Any

    @property
    def looks_like_its_value(self) -> bool:
        """Whether its text, `1.5` or `true`, is also how anybody would write its value."""
        if self.value is None or isinstance(self.value, bool):
            return self.source in ("null", "~", "") if self.value is None else _WORDS.get(self.source) is self.value
        return isinstance(self.value, (int, float)) and str(self.value) == self.source

    @property
    def is_never_meant(self) -> bool:
        """Whether no key of ours accepts what YAML makes of it: dates, and numbers that are not decimal."""
        return not isinstance(self.value, (bool, int, float, type(None))) or bool(_ODD_NUMBER.fullmatch(self.source))

    @property
    def hint(self) -> str:
        if self.looks_like_its_value:
            return f'without quotes {self.source} is not text to YAML; write "{self.source}"'
        return f'YAML reads {self.source} as {_read(self.value)}; for the text write "{self.source}", in quotes'


def _read(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float)):
        return "nothing" if value is None else shown(value)
    return "bytes" if isinstance(value, bytes) else f"a {type(value).__name__}"


def of_node(node: yaml.Node) -> Scalar | None:
    """Return what YAML reads an unquoted node as, if that is not text.

    Raises:
        ValueError: it looks like a date, say, that does not exist, or like a number that nobody can mean. The message
            says what to do.
    """
    if not isinstance(node, yaml.ScalarNode) or node.tag not in _KINDS:
        return None
    is_empty = not node.value and node.tag == f"{_TAG}null"
    if len(node.value) > _LONGEST_NUMBER:
        length = f"{len(node.value):,} characters to YAML, where {_LONGEST_NUMBER:,} are the most"
        raise ValueError(f"{shown(node.value)} is a number of {length}; if it is text, write quotes")
    try:
        scalar = Scalar(node.value, yaml.SafeLoader("").construct_object(node, deep=True))
        return None if is_empty or node.style is not None else scalar
    except (
        AttributeError,
        IndexError,
        KeyError,
        ValueError,
        OverflowError,
    ):  # what the library's own readers may raise
        kind = node.tag.removeprefix(_TAG)
        source, article = shown(node.value), "an" if kind == "int" else "a"
        raise ValueError(
            f"{source} is {article} {kind} to YAML, and as such not valid; if it is text, write quotes"
        ) from None


def whole_text(node: yaml.Node) -> list[str]:
    """Combine the two halves that JSON's escapes have for one character; report what is wrong with a single half."""
    if not isinstance(node, yaml.ScalarNode) or node.value.isascii():
        return []
    try:
        node.value = node.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        node.value = encodable(node.value)
        return ["has half of a surrogate pair, an escape from \\ud800 to \\udfff: write the character itself"]
    return []


def keep_as_text(key: yaml.Node, place: KeyPath) -> Iterator[Problem]:
    """Make a mapping's key the text that is written, and note it if YAML would have made something else of it."""
    try:
        scalar = of_node(key)
    except ValueError as error:
        scalar = None
        key.tag = TEXT
        yield place, str(error)
    if scalar is None:
        return
    key.tag = TEXT
    if not scalar.looks_like_its_value or scalar.is_never_meant:
        yield place, f"this key is not text: {scalar.hint}"
