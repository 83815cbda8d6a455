"""What DynamoDB Local writes differently from DynamoDB, and would make a shard wait forever."""

from __future__ import annotations

import msgspec

_UNKNOWN = "UNKNOWN_TO_SDK_VERSION"
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
_BY_TTL = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}


def as_ttl_deletion(raw: bytes) -> bytes | None:
    """Return DynamoDB Local's (3.1.0) record of a deletion by TTL as DynamoDB writes it; None for any other record.

    Its event name is unknown to the SDKs, and it does not say who deleted the item.
    """
    try:
        record = msgspec.json.decode(raw)
        if record["eventName"] != _UNKNOWN or record["dynamodb"].get("NewImage"):
            return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return msgspec.json.encode({**record, "eventName": "REMOVE", "userIdentity": _BY_TTL})
