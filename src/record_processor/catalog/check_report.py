"""The answer of the process that checks `actions.yaml`. Whoever asks it imports this module: it must stay small."""

from __future__ import annotations

from typing import Any

import msgspec


class WrittenTable(msgspec.Struct, frozen=True):
    """A table as `actions.yaml` names it; what is not written there is None."""

    place: str
    """File and line."""
    setting: str
    """Such as `actions[0].table`."""
    table: str
    """A name or an ARN."""
    region: str | None
    endpoint: str | None
    role_arn: str | None
    profile: str | None
    may_loop: bool
    """Whether the user has said what ends a loop."""
    way_out: str
    """What to do if it is a table whose changes the action receives."""


class CheckReport(msgspec.Struct):
    """The content, or what is wrong with it."""

    actions: list[dict[str, Any]] = []
    secrets: list[str] = []
    """Values in the actions that must stay hidden."""
    tables: list[WrittenTable] = []
    """The DynamoDB tables that the actions write to."""
    exposed: list[str] = []
    """Warnings about files that others can read or write."""
    warnings: list[tuple[str, str]] = []
    """Place and message of each setting that is valid but dangerous."""
    mistakes: list[tuple[str, str]] = []
    """Place and message of each error; if there is one, nothing else is set."""
