"""The least policy of each principal, for a worker, a replay or a console."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from record_processor.aws.sdk_settings import SdkSettings
from record_processor.config import regions
from record_processor.tools.iam import own_calls
from record_processor.tools.iam.principals import Principal, of_account
from record_processor.tools.iam.statements import Statement, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record_processor.catalog.check_report import NeededPermission, Purpose
    from record_processor.host.check import Checked

    Grants = Iterator[tuple[Principal, Statement]]

_TITLES = {
    "deliver": "action {name}",
    "store": "dead letters of {name}",
    "replay": "dead letters of {name}",
    "look": "dead letters of {name}",
}


class For(enum.Enum):
    """Who gets the policy."""

    WORKER = "worker"
    REPLAY = "replay"
    CONSOLE = "console"
    OPERATOR = "operator"
    RESET = "reset"


_PURPOSES: dict[For, tuple[Purpose, ...]] = {
    For.WORKER: ("deliver", "store"),
    For.REPLAY: ("deliver", "replay"),
    For.CONSOLE: ("look",),
    For.OPERATOR: (),
    For.RESET: (),
}


_OWN = {
    For.WORKER: own_calls.of_worker,
    For.CONSOLE: own_calls.of_console,
    For.OPERATOR: own_calls.of_operator,
    For.RESET: own_calls.of_reset,
}


class Policy(NamedTuple):
    """What one principal may do."""

    principal: Principal
    statements: list[Statement]


def policies(checked: Checked, reader: For) -> list[Policy]:
    """Return a policy per principal, first that of AWS's usual chain if there is one.

    ARNs in them may still contain `{account}`.
    """
    by_principal: dict[str, Policy] = {}
    for principal, statement in [*_own(checked, reader), *_of_actions(checked, reader)]:
        _add(by_principal, principal, statement)
    for policy in list(by_principal.values()):
        if policy.principal.parent is not None:
            role = Statement("roles", ("sts:AssumeRole",), (policy.principal.name,))
            _add(by_principal, Principal(policy.principal.parent), role)
    found = [one._replace(statements=merged(one.statements)) for one in by_principal.values()]
    return sorted(found, key=lambda one: one.principal.parent is not None)


def _add(by_principal: dict[str, Policy], principal: Principal, statement: Statement) -> None:
    by_principal.setdefault(principal.name, Policy(principal, [])).statements.append(statement)


def _own(checked: Checked, reader: For) -> Grants:
    configuration = checked.configuration
    if reader is not For.REPLAY:
        region = configuration.aws.region
        for principal, statement in _OWN[reader](configuration):
            yield principal, _filled_in(statement, region)


def _of_actions(checked: Checked, reader: For) -> Grants:
    for needed in checked.needs.permissions:
        if needed.purpose in _PURPOSES[reader]:
            title = _TITLES[needed.purpose].format(name=needed.action)
            statement = Statement(title, needed.calls, needed.resources, needed.condition)
            yield of_account(needed.account), _filled_in(statement, _region(checked, needed))


def _region(checked: Checked, needed: NeededPermission) -> str:
    """Return the region of a client that these settings make, in that order (`aws/settings.py`)."""
    account = needed.account
    return account.region or SdkSettings(account.profile).region() or checked.configuration.aws.region


def _filled_in(statement: Statement, region: str) -> Statement:
    return statement._replace(resources=tuple(_located(resource, region) for resource in statement.resources))


def _located(resource: str, region: str) -> str:
    if not resource.startswith("arn:"):
        return resource
    arn, partition, service, place, rest = resource.split(":", 4)
    place = region if place == "{region}" else place
    if partition == "{partition}":
        partition = regions.partition_of(place or region) or "aws"
    return ":".join([arn, partition, service, place, rest])


def with_account(policy: Policy, account: str) -> Policy:
    """Return a policy whose ARNs name the account."""
    return policy._replace(
        statements=[
            one._replace(resources=tuple(_in_account(resource, account) for resource in one.resources))
            for one in policy.statements
        ]
    )


def needs_account(policy: Policy) -> bool:
    return any(_in_account(resource, "") != resource for one in policy.statements for resource in one.resources)


def _in_account(resource: str, account: str) -> str:
    parts = resource.split(":", 5)
    if len(parts) == 6 and parts[4] == "{account}":
        parts[4] = account
    return ":".join(parts)
