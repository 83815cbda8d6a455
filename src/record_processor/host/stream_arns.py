"""From the names in `streamName` to stream ARNs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.aws.clients import explained
from record_processor.config import regions
from record_processor.errors import ConfigError, InvalidConfigError, SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence

_ARN = re.compile(
    r"arn:(?P<partition>aws[^:]*):dynamodb:(?P<region>[-a-z0-9]+):(?P<account>\d{12}):"
    r"table/(?P<table>[^/]+)(?:/stream/(?P<label>.+))?"
)
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
# DynamoDB Local's name for its region, whatever region its client has.
LOCAL_REGION = "ddblocal"


class _Name(NamedTuple):
    """What an entry of `streamName` says by itself."""

    written: str
    table: str
    label: str | None = None
    """None for a table's name or ARN."""
    region: str | None = None
    """None for a table's name."""
    partition: str | None = None


def check_names(place: str, names: Sequence[str], region: str) -> None:
    """Reject what is neither a table's name nor a stream's ARN, streams in other regions, and a table named twice.

    Raises:
        InvalidConfigError: with every error found.
    """
    parsed = [_parsed(name) for name in names]
    messages = [message for message in (_wrong(name, region) for name in parsed) if message]
    messages += _twice(parsed)
    if not names:
        messages.append("expected at least one table name or stream ARN")
    if messages:
        raise InvalidConfigError([ConfigError(place, f"streamName: {message}") for message in messages])


def resolve(dynamodb: Any, names: Sequence[str], setting: str = "dynamoDBEndpoint") -> list[str]:
    """Return the stream ARN of each table; an ARN stays as it is. `setting` says where the client calls.

    Raises:
        SetupError: a table does not exist, or has no stream, or the endpoint does not answer.
    """
    return [name if _parsed(name).label else _stream_of_table(dynamodb, name, setting) for name in names]


def parts_of(arn: str) -> dict[str, str]:
    """Return `partition`, `region`, `account`, `table` and `label` of a stream's ARN."""
    match = _ARN.fullmatch(arn)
    return match.groupdict() if match else {}


def is_arn(name: str) -> bool:
    return bool(_parsed(name).label)


def verify(streams: Any, arns: Sequence[str], setting: str = "kinesisEndpoint") -> None:
    """Have each stream described once: the worker would silently wait for one that does not exist.

    Raises:
        SetupError: a stream does not exist, or may not be read.
    """
    for arn in arns:
        with explained(f"stream {arn}", setting):
            try:
                streams.describe_stream(StreamArn=arn, Limit=1)
            except streams.exceptions.ResourceNotFoundException:
                raise SetupError(_no_stream(arn, streams.meta.endpoint_url)) from None


def _parsed(name: str) -> _Name:
    match = _ARN.fullmatch(name)
    if match is None:
        return _Name(name, name)
    return _Name(name, match["table"], match["label"], match["region"], match["partition"])


def _wrong(name: _Name, region: str) -> str | None:
    if name.region is None:
        right = _TABLE_NAME.fullmatch(name.written)
        return None if right else f"expected table names or stream ARNs, found {name.written!r}"
    if name.label is None:
        return f"{name.written} is the ARN of a table. Write its name, {name.table}, or the ARN of its stream"
    if name.region == LOCAL_REGION:
        return None
    partition = regions.partition_of(name.region)
    if partition is None:
        return f"{name.written} names the region {name.region!r}, which is not a valid region"
    if partition != name.partition:
        return f"{name.written} names the partition {name.partition}, and {name.region} is in {partition}"
    if name.region != region:
        return (
            f"{name.written} is in {name.region}, and this worker works in {region}. Set regionName = {name.region}, "
            "or run a worker of its own for it"
        )
    return None


def _twice(names: Sequence[_Name]) -> list[str]:
    first: dict[str, str] = {}
    found = []
    for name in names:
        before = first.get(name.table)
        first.setdefault(name.table, name.written)
        if before is not None:
            how = "" if before == name.written else f", as {before} and as {name.written}"
            found.append(f"{name.table!r} is listed twice{how}")
    return found


def _stream_of_table(dynamodb: Any, table: str, setting: str) -> str:
    with explained(f"table {table}", setting):
        try:
            description = dynamodb.describe_table(TableName=table)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            region, endpoint = dynamodb.meta.region_name, dynamodb.meta.endpoint_url
            raise SetupError(
                f"there is no table {table!r} in {region} at {endpoint}; are its name, the region and {setting} right?"
            ) from None
    if not description.get("StreamSpecification", {}).get("StreamEnabled"):
        raise SetupError(
            f"table {table!r} has no stream. Enable one:\n  aws dynamodb update-table --table-name {table} "
            "--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"
        )
    arn: str = description["LatestStreamArn"]
    return arn


def _no_stream(arn: str, endpoint: str) -> str:
    return (
        f"there is no stream {arn} at {endpoint}. Was it disabled more than 24 hours ago, or its table deleted? "
        f"Write the table's name, {_parsed(arn).table}, for the stream that it has now"
    )
