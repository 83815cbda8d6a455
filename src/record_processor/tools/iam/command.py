"""What `record-processor iam` does: find out what a configuration needs, and print it as a policy."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from record_processor.aws.clients import client, explained, session
from record_processor.config.credential_providers import LOCAL, parts
from record_processor.config.wording import unknown
from record_processor.errors import SetupError
from record_processor.host.check import check
from record_processor.logs.terminal import say, say_exactly
from record_processor.tools.iam.formats import Format, written
from record_processor.tools.iam.policies import For, Policy, needs_account, policies
from record_processor.tools.iam.statements import document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import boto3

    from record_processor.host.check import Checked

_ACCOUNT = re.compile(r"\d{12}")
# Of a managed policy, white space not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_MOST_CHARACTERS = 6144
_STS = "AWS_ENDPOINT_URL_STS"


class Wanted(NamedTuple):
    """What is asked for."""

    form: Format
    reader: For
    principal: str | None
    account: str | None


def iam(path: Path, overrides: Iterable[str], wanted: Wanted) -> None:
    """Print the policy; on standard error, what it leaves out.

    Raises:
        InvalidConfigError: the configuration has errors.
        SetupError: the account is unknown, or there is no such principal.
    """
    if wanted.account is not None and not _ACCOUNT.fullmatch(wanted.account):
        raise SetupError(f"--account: expected 12 digits, found {wanted.account!r}")
    checked = check(path, overrides, with_needs=True)
    found = policies(checked, wanted.reader)
    policy = _chosen(found, wanted)
    name = f"{checked.configuration.application_name}-{wanted.reader.value}"
    say_exactly(written(policy, wanted.form, name, _account(checked, policy, wanted)))
    _say_what_is_missing(checked, found, policy, wanted)


def _chosen(found: list[Policy], wanted: Wanted) -> Policy:
    if not found:
        raise SetupError(f"with this configuration, a {wanted.reader.value} makes no calls of AWS: it needs no policy")
    by_name = {one.principal.name: one for one in found}
    if wanted.principal is None:
        return found[0]
    if wanted.principal not in by_name:
        raise SetupError(f"--principal: {unknown('principal', wanted.principal, by_name)}")
    return by_name[wanted.principal]


def _account(checked: Checked, policy: Policy, wanted: Wanted) -> str | None:
    """Return the account for ARNs; None if nobody must know it now."""
    known = wanted.account or policy.principal.account
    if known or wanted.form is not Format.JSON or not needs_account(policy):
        return known
    aws = checked.configuration.aws
    advice = "write --account, or --format cloudformation or terraform, which find it out themselves"
    if parts(aws.streams_provider)[0].rpartition(".")[2] == LOCAL:
        raise SetupError(f"LocalCredentialsProvider belongs to no account of AWS: {advice}")
    try:
        return _account_of(session(policy.principal.provider, aws.region))
    except SetupError as error:
        raise SetupError(f"{error}\nWithout asking AWS: {advice}") from None


def _account_of(caller: boto3.Session) -> str:
    sts = client(caller, "sts", None, setting=_STS, first_call=True)
    with explained("the account of the credentials", _STS):
        account: str = sts.get_caller_identity()["Account"]
    return account


def _say_what_is_missing(checked: Checked, found: list[Policy], policy: Policy, wanted: Wanted) -> None:
    if wanted.reader in (For.WORKER, For.REPLAY) and checked.needs.unknown_permissions:
        names = ", ".join(checked.needs.unknown_permissions)
        say(f"not in it: what code of yours calls in {names}", err=True)
    if checked.configuration.executable_name is not None and wanted.reader is For.WORKER:
        say(f"not in it: what {checked.configuration.executable_name} calls", err=True)
    others = [one.principal.name for one in found if one is not policy]
    if others:
        say(f"this is the policy of {policy.principal.name}; --principal prints that of {', '.join(others)}", err=True)
    size = len(json.dumps(document(policy.statements), separators=(",", ":")))
    if size > _MOST_CHARACTERS:
        say(f"it has {size:,} characters: a managed policy has at most {_MOST_CHARACTERS:,}. Use several", err=True)
