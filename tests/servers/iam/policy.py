"""A policy as IAM applies it: allowed is what a statement allows, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.iam.calls import Call

_PART = re.compile(r"\$\{(.)\}|(\*)|(\?)|(.)", re.DOTALL)


class Permission(NamedTuple):
    """An action on a resource, as the policy writes both."""

    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


class Statements:
    """The statements of a policy, taken apart."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        assert document["Version"] == "2012-10-17"
        self._conditions = {
            Permission(action, resource): statement.get("Condition", {})
            for statement in document["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
            if statement["Effect"] == "Allow"
        }

    @property
    def permissions(self) -> list[Permission]:
        return list(self._conditions)

    def allowing(self, call: Call) -> Permission | None:
        """Return what allows a call; None if nothing does."""
        for permission, condition in self._conditions.items():
            if (
                permission.action == call.action
                and _pattern(permission.resource).fullmatch(call.resource)
                and _applies(condition, call.context)
            ):
                return permission
        return None

    def remove(self, permission: Permission) -> None:
        del self._conditions[permission]


def _applies(condition: Mapping[str, Mapping[str, str]], context: Mapping[str, str]) -> bool:
    assert set(condition) <= {"StringEquals"}
    return all(context.get(key) == value for key, value in condition.get("StringEquals", {}).items())


def _pattern(resource: str) -> re.Pattern[str]:
    """Return IAM's pattern: `*` any text, `?` any character, `${*}` an asterisk."""

    def written(match: re.Match[str]) -> str:
        escaped, many, one, text = match.groups()
        return ".*" if many else "." if one else re.escape(escaped or text)

    return re.compile("".join(written(match) for match in _PART.finditer(resource)), re.DOTALL)
