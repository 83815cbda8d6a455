"""A reader of YAML that limits time and memory, whatever the text is, and names the line that exceeds a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from typing import Any

MOST_VALUES = 20_000
"""The values of a file, anchors multiplied: reading these takes about a second."""
DEEPEST = 100
"""How deeply lists and mappings may be nested."""

_MOST_CHARACTERS = 4 * 1024 * 1024
_LONGEST_TAG = 60

# The last two stand for words of YAML itself: `<<` and `=`.
_KNOWN = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "null", "bool", "int", "float", "timestamp", "seq", "map", "merge", "value")
}


class TooMuchError(yaml.MarkedYAMLError):
    """The file exceeds a limit."""

    def __init__(self, problem: str, mark: yaml.Mark) -> None:
        super().__init__(problem=problem, problem_mark=mark)


class BoundedLoader(yaml.SafeLoader):
    """Counts while it reads: a later count would come after the time was spent."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._values = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._values += 1
        check_number(self._values, self.get_mark())
        node: yaml.Node | None = super().compose_node(parent, index)
        if node is not None and node.tag not in _KNOWN:
            raise TooMuchError(f"the tag {_short(node.tag)} has no meaning here; remove it", node.start_mark)
        return node

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        check_depth(self.flow_level, self.get_mark())
        super().fetch_flow_collection_start(token)

    def add_indent(self, column: int) -> bool:
        check_depth(len(self.indents), self.get_mark())
        added: bool = super().add_indent(column)
        return added


class Count:
    """The characters of a file once its anchors are multiplied: one long text may be repeated a thousand times."""

    def __init__(self) -> None:
        self._values = 0
        self._characters = 0

    def take(self, node: yaml.Node) -> None:
        """Raise TooMuchError if this value is one too many."""
        self._values += 1
        self._characters += len(node.value) if isinstance(node, yaml.ScalarNode) else 0
        check_number(self._values, node.start_mark)
        if self._characters > _MOST_CHARACTERS:
            raise TooMuchError(f"more than {_MOST_CHARACTERS:,} characters; anchors (&) multiply them", node.start_mark)


def check_number(values: int, mark: yaml.Mark) -> None:
    """Raise TooMuchError if there are too many characters."""
    if values > MOST_VALUES:
        raise TooMuchError(f"more than {MOST_VALUES:,} values; anchors (&) may multiply them", mark)


def check_depth(depth: int, mark: yaml.Mark) -> None:
    """Raise TooMuchError if it is nested too deeply."""
    if depth > DEEPEST:
        raise TooMuchError(f"nested more than {DEEPEST} deep, or an anchor (&) that refers to itself", mark)


def refuse_collection(key: yaml.Node) -> None:
    """Raise TooMuchError if a mapping's key is a list or a mapping: anchors multiply in it too when it is written."""
    if not isinstance(key, yaml.ScalarNode):
        found = "a list" if isinstance(key, yaml.SequenceNode) else "a mapping"
        raise TooMuchError(f"expected text as a key, found {found}; write quotes if it is text", key.start_mark)


def _short(tag: str) -> str:
    return shortened(tag.replace("tag:yaml.org,2002:", "!!"), _LONGEST_TAG)
