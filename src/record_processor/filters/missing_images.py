"""What is left of a filter if the stream's records have no new image, or no old one.

Shard processes never import this module.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from record_processor.filters.pattern_reader import trees

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from record_processor.filters.pattern_reader import Tree
    from record_processor.filters.value_matcher import ValueMatcher


class Loss(enum.Enum):
    """How much of a filter never matches."""

    NOTHING = "nothing"
    SOME = "some"
    """Some of its alternatives."""
    ALL = "all"


def loss(pattern: Any, missing: Collection[str]) -> Loss:
    """Return what a valid pattern loses without these parts of `dynamodb`, such as `OldImage`."""
    patterns = pattern if isinstance(pattern, list) else [pattern]
    alternatives = [tree for one in patterns for tree in trees(one, (), lambda *_: iter(()))]
    lost = [_needs_one(tree, missing) for tree in alternatives]
    return Loss.ALL if all(lost) else Loss.SOME if any(lost) else Loss.NOTHING


def _needs_one(tree: Tree, missing: Collection[str]) -> bool:
    inside = tree.get("dynamodb")
    if not isinstance(inside, dict):
        return False
    lists = [found for name in missing if name in inside for found in _lists({name: inside[name]})]
    return any(not matcher.absent for found in lists for matcher in found)


def _lists(tree: Tree) -> Iterator[list[ValueMatcher]]:
    for inside in tree.values():
        if isinstance(inside, dict):
            yield from _lists(inside)
        else:
            yield inside
