"""What DynamoDB Local writes otherwise than DynamoDB, and would make a shard wait for ever."""

from __future__ import annotations

import msgspec

_UNKNOWN = "UNKNOWN_TO_SDK_VERSION"
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
_BY_TTL = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}


def as_ttl_deletion(raw: bytes) -> bytes | None:
    """A record of DynamoDB Local's (3.1.0) about what TTL has deleted, as DynamoDB writes it; None for any other.

    Its event name is one that no SDK knows, and it does not say who deleted the item.
    """
    try:
        record = msgspec.json.decode(raw)
        if record["eventName"] != _UNKNOWN or record["dynamodb"].get("NewImage"):
            return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return msgspec.json.encode({**record, "eventName": "REMOVE", "userIdentity": _BY_TTL})
