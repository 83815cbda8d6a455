"""What dead letters need of AWS: the calls of a worker, of a replay and of whoever only looks; and how to find them.

Shard processes never import this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.aws import permissions, probes
from record_processor.aws.permissions import ANY, Permission, literal
from record_processor.dead_letters.settings import (
    DynamoDBDeadLetter,
    FileDeadLetter,
    S3DeadLetter,
    SnsDeadLetter,
    SqsDeadLetter,
)

if TYPE_CHECKING:
    from record_processor.aws.probes import AwsProbe
    from record_processor.dead_letters.settings import DeadLetter


def to_store(settings: DeadLetter, action: str) -> list[Permission]:
    """Return what a worker's calls need, which stores an action's letters."""
    if isinstance(settings, FileDeadLetter):
        return []
    if isinstance(settings, SqsDeadLetter):
        return _of_queue(settings, "SendMessage")
    if isinstance(settings, SnsDeadLetter):
        return [Permission(("sns:Publish",), (settings.topic_arn,), settings.aws)]
    if isinstance(settings, S3DeadLetter):
        return [Permission(("s3:PutObject",), (_objects(settings, action),), settings.aws)]
    return _of_table(settings, "PutItem")


def to_replay(settings: DeadLetter, action: str) -> list[Permission]:
    """Return what reading the letters needs, removing them, and setting aside what is not a letter."""
    if isinstance(settings, (FileDeadLetter, SnsDeadLetter)):
        return []
    if isinstance(settings, SqsDeadLetter):
        return _of_queue(settings, "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
    if isinstance(settings, S3DeadLetter):
        aside = _objects(settings, f"{action}.bad")
        moved = Permission(("s3:GetObject", "s3:DeleteObject"), (_objects(settings, action),), settings.aws)
        return [_listing(settings, action), moved, Permission(("s3:PutObject",), (aside,), settings.aws)]
    return _of_table(settings, "Scan", "DeleteItem", "UpdateItem")


def to_look(settings: DeadLetter, action: str) -> list[Permission]:
    """Return what reading the letters needs. SQS hides a message that is read, so it must be made visible again."""
    if isinstance(settings, (FileDeadLetter, SnsDeadLetter)):
        return []
    if isinstance(settings, SqsDeadLetter):
        return _of_queue(settings, "ReceiveMessage", "ChangeMessageVisibility")
    if isinstance(settings, S3DeadLetter):
        read = Permission(("s3:GetObject",), (_objects(settings, action),), settings.aws)
        return [_listing(settings, action), read]
    return _of_table(settings, "Scan")


def to_ask(settings: DeadLetter) -> list[AwsProbe]:
    """Return the questions that show if the place of the letters can be reached."""
    if isinstance(settings, FileDeadLetter):
        return []
    if isinstance(settings, SqsDeadLetter):
        return [probes.queue(settings.queue_url, settings.aws)]
    if isinstance(settings, SnsDeadLetter):
        return [probes.topic(settings.topic_arn, settings.aws)]
    if isinstance(settings, S3DeadLetter):
        return [probes.bucket(settings.bucket, settings.aws)]
    return [probes.table(settings.table, settings.aws)]


def _of_queue(settings: SqsDeadLetter, *calls: str) -> list[Permission]:
    names = tuple(f"sqs:{call}" for call in calls)
    return [Permission(names, (permissions.queue(settings.queue_url),), settings.aws)]


def _of_table(settings: DynamoDBDeadLetter, *calls: str) -> list[Permission]:
    names = tuple(f"dynamodb:{call}" for call in calls)
    return [Permission(names, (permissions.table(settings.table),), settings.aws)]


def _objects(settings: S3DeadLetter, folder: str) -> str:
    return permissions.objects(settings.bucket, literal(f"{settings.prefix}{folder}/") + ANY)


def _listing(settings: S3DeadLetter, action: str) -> Permission:
    condition = {"StringEquals": {"s3:prefix": f"{settings.prefix}{action}/"}}
    return Permission(("s3:ListBucket",), (permissions.bucket(settings.bucket),), settings.aws, condition)
