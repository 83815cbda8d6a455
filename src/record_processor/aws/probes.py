"""Questions to what an action or its dead letters call: `check --online` sends them, and nothing is written.

Shard processes never import this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.aws.settings import AwsSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


class AwsProbe(NamedTuple):
    """A call of an AWS service that changes nothing, and fails if the resource does not exist."""

    what: str
    """What it asks for, as a user would say it, such as `queue https://…/orders`."""
    service: str
    """The SDK's name of the service, such as `sqs`."""
    operation: str
    """The SDK's name of the call, such as `get_queue_attributes`."""
    parameters: Mapping[str, Any]
    call: str
    """IAM's name of the call, such as `sqs:GetQueueAttributes`: the role of a worker may well not have it."""
    aws: AwsSettings = AwsSettings()
    resource: str = ""
    """An ARN or a queue's URL, if it has one: it contains the region to ask in."""


class AddressProbe(NamedTuple):
    """A host and port that must accept a connection, with TLS if it says so. Nothing is sent."""

    what: str
    host: str
    port: int
    is_tls: bool
    ca_file: str | None = None
    """A PEM file with the authority to trust in place of the public ones."""


def queue(url: str, aws: AwsSettings) -> AwsProbe:
    parameters = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
    return AwsProbe(f"queue {url}", "sqs", "get_queue_attributes", parameters, "sqs:GetQueueAttributes", aws, url)


def topic(arn: str, aws: AwsSettings) -> AwsProbe:
    call = "sns:GetTopicAttributes"
    return AwsProbe(f"topic {arn}", "sns", "get_topic_attributes", {"TopicArn": arn}, call, aws, arn)


def bucket(name: str, aws: AwsSettings) -> AwsProbe:
    # IAM has no name for HeadBucket: whoever may list the bucket may ask.
    return AwsProbe(f"bucket {name}", "s3", "head_bucket", {"Bucket": name}, "s3:ListBucket", aws)


def table(name: str, aws: AwsSettings) -> AwsProbe:
    call = "dynamodb:DescribeTable"
    return AwsProbe(f"table {name}", "dynamodb", "describe_table", {"TableName": name}, call, aws, name)
