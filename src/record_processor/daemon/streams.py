"""From the names in `streamName` to stream ARNs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from record_processor.aws import explained
from record_processor.errors import ConfigurationError, Mistake, SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence

_STREAM_ARN = re.compile(r"arn:aws[^:]*:dynamodb:[-a-z0-9]+:\d{12}:table/[^/]+/stream/.+")
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


def check_names(place: str, names: Sequence[str]) -> None:
    """Refuse what can be neither a table's name nor a stream's ARN, and what stands twice.

    Raises:
        ConfigurationError: with every mistake found.
    """
    mistakes = [
        Mistake(place, f"streamName: expected table names or stream ARNs, found {name!r}")
        for name in names
        if not _STREAM_ARN.fullmatch(name) and not _TABLE_NAME.fullmatch(name)
    ]
    mistakes += [Mistake(place, f"streamName: {name!r} stands twice") for name in set(names) if names.count(name) > 1]
    if not names:
        mistakes.append(Mistake(place, "streamName: expected at least one table name or stream ARN"))
    if mistakes:
        raise ConfigurationError(mistakes)


def resolve(dynamodb: Any, names: Sequence[str]) -> list[str]:
    """The stream ARN of each table; an ARN stays as it is.

    Raises:
        SetupError: a table is not there, or has no stream, or the endpoint does not answer.
    """
    return [name if _STREAM_ARN.fullmatch(name) else _stream_of_table(dynamodb, name) for name in names]


def _stream_of_table(dynamodb: Any, table: str) -> str:
    with explained(f"table {table}"):
        try:
            description = dynamodb.describe_table(TableName=table)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            region, endpoint = dynamodb.meta.region_name, dynamodb.meta.endpoint_url
            raise SetupError(
                f"there is no table {table!r} in {region} at {endpoint}; are streamName, regionName and "
                "dynamoDBEndpoint right?"
            ) from None
    if not description.get("StreamSpecification", {}).get("StreamEnabled"):
        raise SetupError(
            f"table {table!r} has no stream. Enable one:\n  aws dynamodb update-table --table-name {table} "
            "--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES"
        )
    arn: str = description["LatestStreamArn"]
    return arn
