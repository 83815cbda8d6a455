"""What KCL's three tables say. The reads are not consistent, at half the price: they may be a moment old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.aws.clients import explained
from record_processor.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from record_processor.fleet.server_clock import ServerClock

SHARD_END = "SHARD_END"
LET_GO = "record-processor-seek"
"""The owner of a lease that `seek` wrote: nobody, until the failover time has passed and the leader assigns it."""
LEADER = "Leader"
"""The key of the leader's lock in the coordinator table."""
_STREAM = "record-processor-stream-"


class Lease(msgspec.Struct, frozen=True):
    """An item of the lease table."""

    key: str
    checkpoint: str
    """A sequence number, TRIM_HORIZON, LATEST or SHARD_END."""
    owner: str | None = None
    """Who processes it: during a handoff that is still the old owner."""
    latest_start_millis: int | None = None
    """When a shard with the checkpoint LATEST was first started (decision 0087)."""

    @property
    def is_done(self) -> bool:
        return self.checkpoint == SHARD_END


class KclState(msgspec.Struct, frozen=True):
    """All of it."""

    leases: dict[str, Lease]
    """By key."""
    is_multi: bool
    """Whether leases have keys for several streams."""
    leader: str | None
    known_streams: dict[str, str]
    """The stream that is read, by table."""
    last_seen: dict[str, float]
    """When each worker last said that it lives."""


def read_leases(dynamodb: Any, table: str, clock: ServerClock) -> list[Mapping[str, Any]]:
    """Return the items of the lease table; the clock is set by the answer.

    Raises:
        SetupError: there is none, it is another table, or it may not be read.
    """
    rows = scan(dynamodb, table, clock)
    if rows is None:
        region, endpoint = dynamodb.meta.region_name, dynamodb.meta.endpoint_url
        raise SetupError(
            f"there is no lease table {table!r} in {region} at {endpoint}: no worker of this application has run here. "
            "Are applicationName (or tableName), the region and dynamoDBEndpoint right?"
        )
    if not all("leaseKey" in row for row in rows):
        raise SetupError(
            f"table {table!r} is there, and it is not a lease table: its items have no leaseKey. Does applicationName "
            "equal the name of a table of yours?"
        )
    return rows


def read_leader(dynamodb: Any, table: str) -> str | None:
    """Return the worker that has the leader's lock in the coordinator table."""
    item = dynamodb.get_item(TableName=table, Key={"key": {"S": LEADER}}).get("Item", {})
    owner: str | None = item.get("ownerName", {}).get("S")
    return owner


def scan(dynamodb: Any, table: str, clock: ServerClock | None = None) -> list[Mapping[str, Any]] | None:
    """Return all items of a table; None if there is no such table."""
    with explained(f"table {table}"):
        try:
            return list(_items(dynamodb, table, clock))
        except dynamodb.exceptions.ResourceNotFoundException:
            return None


def state_of(
    leases: Sequence[Mapping[str, Any]], coordinator: Sequence[Mapping[str, Any]], metrics: Sequence[Mapping[str, Any]]
) -> KclState:
    """Return what the items of the three tables mean; items and attributes that nobody here knows are left out."""
    by_key = {str(item["key"]["S"]): item for item in coordinator if "key" in item}
    return KclState(
        leases={lease.key: lease for lease in map(_lease, leases)},
        is_multi=any("streamName" in item for item in leases),
        leader=by_key.get(LEADER, {}).get("ownerName", {}).get("S"),
        known_streams={
            key.removeprefix(_STREAM): item["streamArn"]["S"]
            for key, item in by_key.items()
            if key.startswith(_STREAM) and "streamArn" in item
        },
        last_seen={item["wid"]["S"]: float(item["lut"]["N"]) for item in metrics if "wid" in item and "lut" in item},
    )


def _lease(item: Mapping[str, Any]) -> Lease:
    started = item.get("latestStartMillis", {}).get("N")
    holder = (item.get("checkpointOwner") or item.get("leaseOwner") or {}).get("S")
    return Lease(
        key=item["leaseKey"]["S"],
        checkpoint=item.get("checkpoint", {}).get("S", ""),
        owner=None if holder == LET_GO else holder,
        latest_start_millis=None if started is None else int(started),
    )


def _items(dynamodb: Any, table: str, clock: ServerClock | None) -> Iterator[Mapping[str, Any]]:
    page: dict[str, Any] = {"TableName": table}
    while True:
        answer = dynamodb.scan(**page)
        if clock is not None:
            clock.see(answer)
        yield from answer["Items"]
        if not answer.get("LastEvaluatedKey"):
            return
        page["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
