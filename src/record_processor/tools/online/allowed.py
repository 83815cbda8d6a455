"""Whether the credentials may make the calls that `record-processor iam` lists: IAM itself is asked, if it may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from record_processor.aws import clients
from record_processor.aws.explanations import KINDS, explanation
from record_processor.errors import SetupError
from record_processor.tools.iam.policies import For, Policy, policies, with_account
from record_processor.tools.online.finding import Finding, error, of_setup_error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from record_processor.host.check import Checked
    from record_processor.tools.iam.statements import Statement

_ASSUMED_ROLE = re.compile(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/.+")
_STS, _IAM = "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM"
_CREATION = "dynamodb:CreateTable"


class _Caller(NamedTuple):
    arn: str
    account: str


def look(checked: Checked, existing_tables: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for each principal of the configuration that signs in by itself, with all that it may not do.

    What a role may do that is assumed on the way is not asked: that takes its own credentials.
    """
    for policy in policies(checked, For.WORKER):
        if policy.principal.parent is None:
            yield _of_policy(checked, policy, existing_tables)


def _of_policy(checked: Checked, policy: Policy, existing_tables: Collection[str]) -> Finding:
    what = f"permissions of {policy.principal.name}"
    try:
        session = clients.session(policy.principal.provider, checked.configuration.aws.region)
        caller = _caller(clients.client(session, "sts", None, setting=_STS, first_call=True))
        iam = clients.client(session, "iam", None, setting=_IAM)
        denied = _denied(iam, caller, with_account(policy, caller.account), existing_tables)
    except SetupError as failure:
        return of_setup_error(what, failure)
    except ClientError as refused:
        found = f"not compared: {explanation(refused, _IAM)}"
        return warning(what, found, "Allow iam:SimulatePrincipalPolicy, or compare them with record-processor iam")
    except KINDS as failure:
        return warning(what, f"not compared: {explanation(failure, _IAM)}", "Compare them with record-processor iam")
    if denied:
        return error(what, f"denied: {', '.join(denied)}", "Allow it: record-processor iam prints the whole policy")
    return ok(what, f"{caller.arn} may make every call")


def _caller(sts: Any) -> _Caller:
    answer = sts.get_caller_identity()
    match = _ASSUMED_ROLE.fullmatch(answer["Arn"])
    arn = f"arn:{match[1]}:iam::{match[2]}:role/{match[3]}" if match else answer["Arn"]
    return _Caller(arn, answer["Account"])


def _denied(iam: Any, caller: _Caller, policy: Policy, existing_tables: Collection[str]) -> list[str]:
    found = []
    for statement in policy.statements:
        pages = iam.get_paginator("simulate_principal_policy").paginate(**_question(caller, statement))
        for result in (one for page in pages for one in page["EvaluationResults"]):
            call, resource = result["EvalActionName"], result["EvalResourceName"]
            # A table that is there needs no creation.
            is_needed = call != _CREATION or resource.rpartition("/")[2] not in existing_tables
            if result["EvalDecision"] != "allowed" and is_needed:
                found.append(f"{call} on {resource}")
    return found


def _question(caller: _Caller, statement: Statement) -> dict[str, Any]:
    values = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for keys in statement.condition.values()
        for key, value in keys.items()
    ]
    return {
        "PolicySourceArn": caller.arn,
        "ActionNames": list(statement.calls),
        "ResourceArns": list(statement.resources),
        "ContextEntries": values,
    }
