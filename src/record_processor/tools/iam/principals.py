"""Whose credentials make a call: each of them needs a policy of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from record_processor.config.credential_providers import ASSUME_ROLE, PROFILE, PROVIDERS, parts

if TYPE_CHECKING:
    from record_processor.catalog.check_report import Account

_PROFILE = "profile "
_ROLE = re.compile(r"arn:[^:]+:iam::(\d{12}):role/.+")


class Principal(NamedTuple):
    """A role, a profile, or what AWS's usual chain finds."""

    name: str
    parent: str | None = None
    """For a role: the principal that assumes it."""

    @property
    def account(self) -> str | None:
        """Return the account that the name contains; None if only AWS knows it."""
        match = _ROLE.fullmatch(self.name)
        return match[1] if match else None

    @property
    def provider(self) -> str:
        """Return a value of `AwsCredentialsProvider` that stands for it, or for whoever assumes it."""
        _, is_profile, profile = (self.parent or self.name).partition(_PROFILE)
        return f"{PROFILE}|{profile}" if is_profile else "DefaultCredentialsProvider"


WORKER = Principal("worker")
"""What AWS's usual chain finds: the role of the instance, task or pod."""


def of_provider(provider: str) -> Principal:
    """Return who a value of `AwsCredentialsProvider` stands for."""
    name, *arguments = parts(provider)
    short = name.rpartition(".")[2]
    if short == PROFILE:
        return _profile(arguments[0] if arguments else None)
    if short in ASSUME_ROLE and arguments:
        return Principal(arguments[0], WORKER.name)
    return WORKER if short in PROVIDERS else Principal(name)


def of_account(account: Account) -> Principal:
    """Return who an action calls AWS as."""
    caller = _profile(account.profile)
    return caller if account.role_arn is None else Principal(account.role_arn, caller.name)


def _profile(name: str | None) -> Principal:
    return WORKER if name is None else Principal(f"{_PROFILE}{name}")
