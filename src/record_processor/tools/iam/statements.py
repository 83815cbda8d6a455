"""A policy's statements: what is asked for, put together so that nothing more is allowed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NO_LETTER = re.compile("[^A-Za-z0-9]+")


class Statement(NamedTuple):
    """Calls on resources that are allowed."""

    title: str
    """What it is for, in a few words."""
    calls: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, str]] = {}

    @property
    def key(self) -> str:
        """Conditions can be compared as texts."""
        return repr(sorted((operator, sorted(keys.items())) for operator, keys in self.condition.items()))


def merged(statements: Iterable[Statement]) -> list[Statement]:
    """Return statements that allow exactly the same, in fewer words."""
    of_resources: dict[Any, Statement] = {}
    for one in statements:
        for resource in one.resources:
            before = of_resources.setdefault((resource, one.key), one._replace(calls=(), resources=(resource,)))
            of_resources[resource, one.key] = before._replace(calls=_together(before.calls, one.calls))
    of_calls: dict[Any, Statement] = {}
    for one in of_resources.values():
        key = (one.title, frozenset(one.calls), one.key)
        before = of_calls.setdefault(key, one)
        of_calls[key] = before._replace(resources=_together(before.resources, one.resources))
    return list(of_calls.values())


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return the policy as IAM reads it."""
    used: dict[str, int] = {}
    return {"Version": "2012-10-17", "Statement": [_written(one, used) for one in statements]}


def _written(one: Statement, used: dict[str, int]) -> dict[str, Any]:
    name = "".join(word[:1].upper() + word[1:] for word in _NO_LETTER.split(one.title))
    used[name] = used.get(name, 0) + 1
    written: dict[str, Any] = {
        "Sid": name if used[name] == 1 else f"{name}{used[name]}",
        "Effect": "Allow",
        "Action": sorted(one.calls),
        "Resource": sorted(one.resources),
    }
    return {**written, "Condition": dict(one.condition)} if one.condition else written


def _together(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*some, *others]))
