"""Has shards begin elsewhere: one conditional write per lease, by which its worker loses it.

A worker knows its lease's checkpoint and would go on from there, so it must not keep the lease. It is given to an owner
that never renews it (`LET_GO`). The old owner learns that with its next renewal, and its shard process ends without a
checkpoint; if it is cut off, its lease runs out by its own clock (docs/explanation/fencing.md). The leader gives the
lease to a worker when its counter has stood still for the failover time: whoever had it has stopped by then. That is
how a lease moves from a worker that was killed, so nothing begins beside an old owner.
"""

from __future__ import annotations

import contextlib
import time
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
_SINCE = "latestStartMillis"


class LeaseWriter:
    """Writes leases of one application."""

    def __init__(self, dynamodb: Any, table: str, *, is_multi: bool) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._is_multi = is_multi

    def write(self, move: Move) -> None:
        """Write a move.

        Raises:
            SetupError: the shard has begun or ended since the move was planned, or others keep changing its lease.
        """
        for _ in range(_MOST_TRIES):
            item = self._read(move)
            _check(move, item)
            try:
                self._create(move) if item is None else self._replace(move, item)
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                continue  # it was renewed, or a checkpoint was saved
            return
        raise SetupError(f"shard {move.shard.shard_id}: others keep changing its lease; run the command again")

    def is_taken(self, move: Move) -> bool:
        """Return whether a worker has got the lease since the move was written.

        The leader may just have been about to delete the lease of a shard that is opened again, and does that
        unconditionally: then it is written anew. By then no worker has its children, whose leases have to run out too.
        """
        item = self._read(move)
        if item is None:
            with contextlib.suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
                self._create(move)
            return False
        return bool(item.get("leaseOwner", {}).get("S") != LET_GO)

    def _read(self, move: Move) -> Mapping[str, Any] | None:
        key = {"leaseKey": {"S": lease_key(move.stream, move.shard.shard_id, self._is_multi)}}
        answer = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item: Mapping[str, Any] | None = answer.get("Item")
        return item

    def _create(self, move: Move) -> None:
        lease = new_lease(move.stream, move.shard.shard_id, move.shard.parent, self._is_multi)
        lease |= {"checkpoint": {"S": move.place.checkpoint}, "leaseOwner": {"S": LET_GO}}
        # The leader may not have seen that the lease was gone, and watches one only from when its counter grew.
        lease["leaseCounter"] = {"N": str(int(time.time()))}
        if move.place.from_millis is not None:
            lease[_SINCE] = {"N": str(move.place.from_millis)}
        self._dynamodb.put_item(TableName=self._table, Item=lease, ConditionExpression="attribute_not_exists(leaseKey)")

    def _replace(self, move: Move, item: Mapping[str, Any]) -> None:
        conditions, values = _unchanged(item)
        values |= {
            ":place": {"S": move.place.checkpoint},
            ":next": {"N": str(int(item["leaseCounter"]["N"]) + 1)},
            ":zero": {"N": "0"},
            ":let_go": {"S": LET_GO},
        }
        sets = ["checkpoint = :place", "checkpointSubSequenceNumber = :zero", "leaseCounter = :next"]
        sets.append("leaseOwner = :let_go")
        removed = [*_REMOVED]
        if move.place.from_millis is None:
            removed.append(_SINCE)
        else:
            sets.append(f"{_SINCE} = :since")
            values[":since"] = {"N": str(move.place.from_millis)}
        self._dynamodb.update_item(
            TableName=self._table,
            Key={"leaseKey": item["leaseKey"]},
            UpdateExpression=f"SET {', '.join(sets)} REMOVE {', '.join(removed)}",
            ConditionExpression=" AND ".join(conditions),
            ExpressionAttributeValues=values,
        )


def _unchanged(item: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions, with their values, under which nobody has written a lease since it was read."""
    conditions = ["leaseCounter = :counter", "checkpoint = :was"]
    values = {":counter": item["leaseCounter"], ":was": item["checkpoint"]}
    for owner in _OWNERS:
        if owner in item:
            values[f":{owner}"] = item[owner]
            conditions.append(f"{owner} = :{owner}")
        else:
            conditions.append(f"attribute_not_exists({owner})")
    return conditions, values


def _check(move: Move, item: Mapping[str, Any] | None) -> None:
    """Raise SetupError if the plan was made for something else."""
    is_done = move.was_done if item is None else item.get("checkpoint", {}).get("S") == SHARD_END
    appeared = item is not None and move.was is None
    # KCL deletes leases of shards that are done, so that one of these is gone changes nothing.
    vanished = item is None and move.was is not None and not move.was_done
    if is_done != move.was_done or appeared or vanished:
        raise SetupError(
            f"shard {move.shard.shard_id} has begun or ended since the plan was made: run the command again"
        )
