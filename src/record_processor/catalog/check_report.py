"""The answer of the process that checks `actions.yaml`. Whoever asks it imports this module: it must stay small."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

NEEDS = "--needs"
"""The argument with which the process is asked for `CheckReport.needs`."""

Purpose = Literal["deliver", "store", "replay", "look"]
"""Of a call: to deliver records, to store dead letters, to replay them, or only to look at them."""


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


class Account(msgspec.Struct, frozen=True):
    """With which credentials, and in which region, an action calls AWS; what `actions.yaml` does not say is None."""

    region: str | None = None
    endpoint: str | None = None
    role_arn: str | None = None
    profile: str | None = None


class NeededPermission(msgspec.Struct, frozen=True):
    """Calls that one action, or its dead letters, must be allowed to make (`aws/permissions.py`)."""

    action: str
    purpose: Purpose
    calls: tuple[str, ...]
    resources: tuple[str, ...]
    condition: dict[str, dict[str, str]]
    account: Account


class Question(msgspec.Struct, frozen=True):
    """What `check --online` asks for an action (`aws/probes.py`)."""

    action: str
    what: str
    aws: AwsCall | None = None
    address: Address | None = None


class AwsCall(msgspec.Struct, frozen=True):
    service: str
    operation: str
    parameters: dict[str, Any]
    call: str
    resource: str
    account: Account


class Address(msgspec.Struct, frozen=True):
    host: str
    port: int
    is_tls: bool
    ca_file: str | None


class ImageNeed(msgspec.Struct, frozen=True):
    """A setting that looks at an image which the records of a stream with this view type do not have."""

    view_type: str
    place: str
    """File and line."""
    setting: str
    consequence: str
    """What follows without it."""
    is_fatal: bool
    """Whether the setting can then never do what it is for."""


class Needs(msgspec.Struct):
    """What the actions need outside this machine."""

    permissions: list[NeededPermission] = []
    unknown_permissions: list[str] = []
    """The actions that cannot say what they call, each with its type."""
    questions: list[Question] = []
    images: list[ImageNeed] = []


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
    needs: Needs | None = None
    """Only if it was asked for."""
    mistakes: list[tuple[str, str]] = []
    """Place and message of each error; if there is one, nothing else is set."""
