"""`dead_letter` in YAML: where records go that cannot be delivered."""

from __future__ import annotations

from typing import Annotated, Union

import msgspec
from msgspec import Meta

from record_processor.aws.settings import AwsSettings
from record_processor.errors import InvalidSettingError

Aws = Annotated[AwsSettings, Meta(description="Region, endpoint and credentials for the service.")]


class FileDeadLetter(msgspec.Struct, kw_only=True, frozen=True, tag_field="type", tag="file"):
    """JSON lines in a file."""

    path: Annotated[
        str,
        Meta(
            description="The file, or a folder if it ends with /. {table}, {shard} and {action} are replaced by the "
            "record's.",
            min_length=1,
        ),
    ]

    @property
    def file(self) -> str:
        """The file's path, with its placeholders; in a folder each action has its own file."""
        return self.path + "{action}.jsonl" if self.path.endswith("/") else self.path

    def __post_init__(self) -> None:
        try:
            self.path.format(table="", shard="", action="")
        except (KeyError, IndexError, ValueError, AttributeError):
            message = f"expected placeholders {{table}}, {{shard}} or {{action}} only, found {self.path!r}"
            raise InvalidSettingError("path", message) from None


class SqsDeadLetter(msgspec.Struct, kw_only=True, frozen=True, tag_field="type", tag="sqs"):
    """Messages of an SQS queue."""

    queue_url: Annotated[
        str,
        Meta(
            description="The URL of the queue.",
            pattern="^https?://",
            extra={"expected": "a queue's address, such as https://sqs.eu-west-1.amazonaws.com/123456789012/dead"},
        ),
    ]
    aws: Aws = AwsSettings()


class SnsDeadLetter(msgspec.Struct, kw_only=True, frozen=True, tag_field="type", tag="sns"):
    """Notifications of an SNS topic; these cannot be read back."""

    topic_arn: Annotated[
        str,
        Meta(
            description="The ARN of the topic.",
            pattern="^arn:[^:]+:sns:",
            extra={"expected": "a topic's ARN, such as arn:aws:sns:eu-west-1:123456789012:dead"},
        ),
    ]
    aws: Aws = AwsSettings()


class S3DeadLetter(msgspec.Struct, kw_only=True, frozen=True, tag_field="type", tag="s3"):
    """One object per letter: PREFIX/ACTION/SEQUENCE_NUMBER-ID.json."""

    bucket: Annotated[str, Meta(description="The name of the bucket.", min_length=3)]
    prefix: Annotated[str, Meta(description="Prefix of the object keys.")] = "dead-letters/"
    aws: Aws = AwsSettings()


class DynamoDBDeadLetter(msgspec.Struct, kw_only=True, frozen=True, tag_field="type", tag="dynamodb"):
    """One item per letter, in a table with the key `id` (text)."""

    table: Annotated[str, Meta(description="The table: a name or an ARN.", min_length=1)]
    aws: Aws = AwsSettings()


DeadLetter = Union[FileDeadLetter, SqsDeadLetter, SnsDeadLetter, S3DeadLetter, DynamoDBDeadLetter]  # noqa: UP007
