"""Which calls of AWS somebody needs to make, and on what: the parts of an IAM policy.

Shard processes never import this module.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from record_processor.aws.settings import AwsSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUEUE_HOST = re.compile(r"(?:[\w-]+\.)?sqs(?:-fips)?\.([a-z0-9-]+)\.|([a-z0-9-]+)\.queue\.amazonaws\.")
_ACCOUNT = re.compile(r"\d{12}")
_FUNCTION = re.compile(r"(?:(?P<account>\d{12}):function:)?(?P<name>[^:]+)(?::(?P<qualifier>[^:]+))?")
# What IAM reads as a pattern, and as a variable.
_SPECIAL = re.compile(r"[*?$]")

ANY = "*"
"""A resource that stands for any text."""


class Permission(NamedTuple):
    """Calls on resources, as IAM names both."""

    calls: tuple[str, ...]
    """Such as `sqs:SendMessage`."""
    resources: tuple[str, ...]
    """ARNs. In place of their partition, region and account, `{partition}`, `{region}` and `{account}` mean those that
    the call is made with."""
    aws: AwsSettings = AwsSettings()
    """Whose credentials are used, and in which region."""
    condition: Mapping[str, Mapping[str, str]] = {}
    """IAM's `Condition`."""


def arn(service: str, tail: str) -> str:
    """Return the ARN of something in the caller's own account and region."""
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{tail}"


def literal(text: str) -> str:
    """Return text that a resource's pattern matches literally."""
    return _SPECIAL.sub(lambda match: f"${{{match.group()}}}", text)


def table(name: str) -> str:
    """Return the ARN of a DynamoDB table that is given by its name or ARN."""
    return name if name.startswith("arn:") else arn("dynamodb", f"table/{name}")


def queue(url: str) -> str:
    """Return the ARN of an SQS queue that is given by its URL, which names its account and, at AWS, its region."""
    host, _, path = url.partition("://")[2].partition("/")
    *_, account, name = ["", "", *path.rstrip("/").split("/")]
    match = _QUEUE_HOST.match(host)
    region = (match[1] or match[2]) if match else "us-east-1" if host == "queue.amazonaws.com" else "{region}"
    owner = account if _ACCOUNT.fullmatch(account) else "{account}"
    return f"arn:{{partition}}:sqs:{region}:{owner}:{name}"


def named(service: str, kind: str, name: str) -> str:
    """Return the ARN of what is given by its name or ARN, such as `kinesis`, `stream`, `orders`."""
    return name if name.startswith("arn:") else arn(service, f"{kind}/{name}")


def function(name: str, qualifier: str | None) -> str:
    """Return the ARN of a Lambda function, which may be given by any of its names."""
    match = _FUNCTION.fullmatch(name)
    if match is None:
        found = name
    else:
        suffix = f":{match['qualifier']}" if match["qualifier"] else ""
        found = (
            f"arn:{{partition}}:lambda:{{region}}:{match['account'] or '{account}'}:function:{match['name']}{suffix}"
        )
    return found if qualifier is None else f"{found}:{qualifier}"


def bucket(name: str) -> str:
    """Return the ARN of an S3 bucket, or of an access point, which is given by its ARN."""
    return name if name.startswith("arn:") else f"arn:{{partition}}:s3:::{name}"


def objects(bucket_name: str, key_pattern: str) -> str:
    """Return the ARN of the objects in a bucket whose keys match a pattern of IAM (`literal`, `ANY`)."""
    way = "/object/" if bucket_name.startswith("arn:") else "/"
    return bucket(bucket_name) + way + key_pattern
