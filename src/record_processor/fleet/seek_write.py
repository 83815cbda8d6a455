"""Has a shard begin elsewhere: one conditional write of its lease, which its worker loses by it.

A worker knows its lease's checkpoint and would go on from there, so it must not keep the lease. It is given to an owner
that never renews it (`LET_GO`). The old owner learns that with its next renewal, and its shard process ends without a
checkpoint; if it is cut off, its lease runs out by its own clock (docs/explanation/fencing.md). The leader gives the
lease to a worker when its counter has stood still for the failover time: whoever had it has stopped by then. That is
how a lease moves from a worker that was killed, so nothing begins beside an old owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.errors import SetupError
from record_processor.fleet.kcl_names import lease_key, new_lease
from record_processor.fleet.kcl_state import LET_GO, SHARD_END

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.fleet.seek_plan import Move

_MOST_TRIES = 20
_OWNERS = ("leaseOwner", "checkpointOwner")
# A handoff that is under way ends; a checkpoint that was prepared is none of this place.
_REMOVED = (
    *("checkpointOwner", "checkpointOwnerTimeoutTimestampMillis"),
    *("pendingCheckpoint", "pendingCheckpointSubSequenceNumber", "pendingCheckpointState"),
)


def write(dynamodb: Any, table: str, move: Move, is_multi: bool, waits: bool) -> None:
    """Write a move.

    `waits`: whether anybody may work on this shard, on its parents or its children, so that it must not begin before
    they have let go.

    Raises:
        SetupError: the shard has ended, or was begun, since the move was planned, or others keep changing its lease.
    """
    for _ in range(_MOST_TRIES):
        item = _read(dynamodb, table, move, is_multi)
        _check(move, item)
        try:
            if item is None:
                _create(dynamodb, table, move, is_multi, waits)
            else:
                _replace(dynamodb, table, move, item, waits)
        except dynamodb.exceptions.ConditionalCheckFailedException:
            continue  # it was renewed, or a checkpoint was saved
        return
    raise SetupError(f"shard {move.shard.shard_id}: others keep changing its lease; run the command again")


def is_written(dynamodb: Any, table: str, move: Move, is_multi: bool) -> bool:
    """Return whether a lease is there that was moved."""
    return _read(dynamodb, table, move, is_multi) is not None


def owner_of(dynamodb: Any, table: str, move: Move, is_multi: bool) -> str | None:
    """Return who has the lease now; None if nobody has."""
    owner: str | None = (_read(dynamodb, table, move, is_multi) or {}).get("leaseOwner", {}).get("S")
    return None if owner == LET_GO else owner


def _read(dynamodb: Any, table: str, move: Move, is_multi: bool) -> Mapping[str, Any] | None:
    key = {"leaseKey": {"S": lease_key(move.stream, move.shard.shard_id, is_multi)}}
    item: Mapping[str, Any] | None = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    return item


def _check(move: Move, item: Mapping[str, Any] | None) -> None:
    is_done = move.was_done if item is None else item.get("checkpoint", {}).get("S") == SHARD_END
    # A done lease may have been deleted since: KCL does so. That is the same.
    appeared = item is not None and not move.has_lease
    vanished = item is None and move.has_lease and not move.was_done
    if is_done != move.was_done or appeared or vanished:
        raise SetupError(
            f"shard {move.shard.shard_id} has begun or ended since the plan was made: run the command again"
        )


def _create(dynamodb: Any, table: str, move: Move, is_multi: bool, waits: bool) -> None:
    lease = new_lease(move.stream, move.shard.shard_id, move.shard.parent, is_multi)
    lease["checkpoint"] = {"S": move.place.checkpoint}
    if move.place.from_millis is not None:
        lease["latestStartMillis"] = {"N": str(move.place.from_millis)}
    if waits:
        lease["leaseOwner"] = {"S": LET_GO}
    dynamodb.put_item(TableName=table, Item=lease, ConditionExpression="attribute_not_exists(leaseKey)")


def _replace(dynamodb: Any, table: str, move: Move, item: Mapping[str, Any], waits: bool) -> None:
    values = {
        ":place": {"S": move.place.checkpoint},
        ":next": {"N": str(int(item["leaseCounter"]["N"]) + 1)},
        ":zero": {"N": "0"},
        ":was": item["checkpoint"],
        ":counter": item["leaseCounter"],
    }
    sets = ["checkpoint = :place", "checkpointSubSequenceNumber = :zero", "leaseCounter = :next"]
    removed = [*_REMOVED]
    _choose(waits, "leaseOwner", {"S": LET_GO}, (sets, removed, values))
    since = {"N": str(move.place.from_millis)}
    _choose(move.place.from_millis is not None, "latestStartMillis", since, (sets, removed, values))
    conditions = ["leaseCounter = :counter", "checkpoint = :was"]
    for owner in _OWNERS:
        if owner in item:
            values[f":was_{owner}"] = item[owner]
            conditions.append(f"{owner} = :was_{owner}")
        else:
            conditions.append(f"attribute_not_exists({owner})")
    dynamodb.update_item(
        TableName=table,
        Key={"leaseKey": item["leaseKey"]},
        UpdateExpression=f"SET {', '.join(sets)} REMOVE {', '.join(removed)}",
        ConditionExpression=" AND ".join(conditions),
        ExpressionAttributeValues=values,
    )


def _choose(
    is_set: bool, name: str, value: dict[str, str], update: tuple[list[str], list[str], dict[str, Any]]
) -> None:
    """Set an attribute, or remove it."""
    sets, removed, values = update
    if is_set:
        sets.append(f"{name} = :{name}")
        values[f":{name}"] = value
    else:
        removed.append(name)
