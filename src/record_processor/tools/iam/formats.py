"""A policy as JSON for IAM, as a template of CloudFormation, and for Terraform."""

from __future__ import annotations

import enum
import json
import re
from typing import TYPE_CHECKING, Any

from record_processor.tools.iam.policies import Policy, with_account
from record_processor.tools.iam.statements import document

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_WORD = re.compile("[^A-Za-z0-9]+")
_CLOUDFORMATION_ACCOUNT = "${AWS::AccountId}"
_TERRAFORM_ACCOUNT = "${data.aws_caller_identity.current.account_id}"
# No ARN contains it: the account is put in after everything else is escaped.
_MARK = "\0"


class Format(enum.Enum):
    """What the policy is written for."""

    JSON = "json"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


def written(policy: Policy, form: Format, name: str, account: str | None) -> str:
    """Return the text. Without an account, CloudFormation and Terraform find it out when they are applied.

    Args:
        policy: whose ARNs may lack the account.
        form: what the text is for.
        name: of the policy, such as `orders-worker-console`.
        account: twelve digits.
    """
    if form is Format.JSON:
        return _json(document(with_account(policy, account or "").statements))
    marked = document(with_account(policy, account or _MARK).statements)
    return _cloudformation(marked, name) if form is Format.CLOUDFORMATION else _terraform(marked, name)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _cloudformation(policy: dict[str, Any], name: str) -> str:
    resource = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": _each_text(policy, _substituted)}}
    logical_id = "".join(word[:1].upper() + word[1:] for word in _NO_WORD.split(name)) + "Policy"
    output = {"Value": {"Ref": logical_id}, "Description": f"The ARN of the policy of {name}"}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {logical_id: resource}}
    return _json({**template, "Outputs": {f"{logical_id}Arn": output}})


def _substituted(text: str) -> Any:
    if _MARK not in text:
        return text
    return {"Fn::Sub": text.replace("${", "${!").replace(_MARK, _CLOUDFORMATION_ACCOUNT)}


def _terraform(policy: dict[str, Any], name: str) -> str:
    text = _json(_each_text(policy, _literal)).replace(json.dumps(_MARK)[1:-1], _TERRAFORM_ACCOUNT)
    data = 'data "aws_caller_identity" "current" {}\n\n' if _TERRAFORM_ACCOUNT in text else ""
    label = re.sub("^(?=[0-9])", "_", _NO_WORD.sub("_", name))  # it may not begin with a digit
    inside = f"  name   = {_json(_literal(name))}\n  policy = jsonencode({_indented(text)})"
    return f'{data}resource "aws_iam_policy" "{label}" {{\n{inside}\n}}'


def _literal(text: str) -> str:
    """Return text without the beginnings of Terraform's expressions."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _each_text(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(one, change) for one in value]
    if isinstance(value, dict):
        return {key: _each_text(one, change) for key, one in value.items()}
    return value
