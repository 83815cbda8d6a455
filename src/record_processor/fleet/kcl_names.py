"""How KCL and the DynamoDB Streams adapter name streams and leases (StreamIdentifier, KinesisMapperUtil)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from record_processor.records.stream import Stream


def stream_identifier(stream: Stream) -> str:
    """Return the stream's name in KCL's form: colons separate the parts of its names, so a label contains none.

    `stream.region` must be the worker's: DynamoDB Local's ARNs name one that does not exist.
    """
    account = stream.arn.split(":")[4]
    name = "$".join([stream.region, account, stream.table, stream.label.replace(":", "_")])
    return f"{account}:{name}:1"


def lease_key(stream: Stream, shard_id: str, is_multi: bool) -> str:
    """Return the key of a shard's lease in an application's form (`single` or `multi`)."""
    return f"{stream_identifier(stream)}:{shard_id}" if is_multi else shard_id


def new_lease(stream: Stream, shard_id: str, parent: str | None, is_multi: bool) -> dict[str, Any]:
    """Return the item of a lease that nobody has, at the shard's beginning, as the adapter's shard syncer makes it."""
    names = {"streamName": {"S": stream_identifier(stream)}, "shardId": {"S": shard_id}}
    return {
        "leaseKey": {"S": lease_key(stream, shard_id, is_multi)},
        "leaseCounter": {"N": "0"},
        "ownerSwitchesSinceCheckpoint": {"N": "0"},
        "checkpoint": {"S": "TRIM_HORIZON"},
        "checkpointSubSequenceNumber": {"N": "0"},
        "startingHashKey": {"S": "0"},
        "endingHashKey": {"S": "1"},
        **({"parentShardId": {"SS": [parent]}} if parent else {}),
        **(names if is_multi else {}),
    }
