"""How the records of a stream are written: as DynamoDB does, or as DynamoDB Local 3.1.0 does.

What TTL has deleted is marked here for both: the database's own stream has no such record. So a test deletes an item
itself, after it has said that this one has expired.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

LOCAL_REGION = "ddblocal"
_MINUTE = 60
_BY_TTL = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}

Record = dict[str, Any]


class Dialect:
    """DynamoDB's own."""

    def __init__(self) -> None:
        self._expired: Counter[str] = Counter()

    def arn(self, arn: str) -> str:
        """A stream's ARN, as this server names it."""
        return arn

    def expire(self, key: dict[str, Any]) -> None:
        """The next deletion of this item is one by TTL; asked for twice before it is read, the next two."""
        self._expired[_text(key)] += 1

    def written(self, record: Record) -> Record:
        key = _text(record["dynamodb"]["Keys"])
        if record["eventName"] == "REMOVE" and self._expired[key]:
            self._expired[key] -= 1
            return self._expired_record(record)
        return record

    def _expired_record(self, record: Record) -> Record:
        return {**record, "userIdentity": _BY_TTL}


class DynamoDBLocal(Dialect):
    def arn(self, arn: str) -> str:
        before, region, after = arn.split(":", 4)[:3], LOCAL_REGION, arn.split(":", 4)[4]
        return ":".join([*before, region, after])

    def written(self, record: Record) -> Record:
        record = {**super().written(record), "awsRegion": LOCAL_REGION}
        change = dict(record["dynamodb"])
        change["ApproximateCreationDateTime"] = int(change["ApproximateCreationDateTime"]) // _MINUTE * _MINUTE
        for image in ("NewImage", "OldImage"):
            if image in change:
                change[image] = {name: _value(value) for name, value in change[image].items()}
        return {**record, "dynamodb": change}

    def _expired_record(self, record: Record) -> Record:
        return {**record, "eventName": "UNKNOWN_TO_SDK_VERSION"}


DIALECTS = {"dynamodb": Dialect, "dynamodb-local": DynamoDBLocal}


def _text(key: dict[str, Any]) -> str:
    return json.dumps(key, sort_keys=True)


def _value(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute value, in which each empty map has lost its type."""
    ((kind, content),) = value.items()
    if kind == "M":
        return {"M": {name: _value(inner) for name, inner in content.items()}} if content else {}
    if kind == "L":
        return {"L": [_value(inner) for inner in content]}
    return value
