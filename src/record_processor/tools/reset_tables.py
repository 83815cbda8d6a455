"""The three tables of an application as something to remove: whose they are, how large, and their end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from record_processor.errors import SetupError
from record_processor.fleet.kcl_state import LEADER

Items = Sequence[Mapping[str, Any]]

KINDS = ("leases", "coordinator", "metrics")
"""The tables, in the order of `KclTables`."""

_NEEDED = {"leases": {"leaseKey", "leaseCounter", "checkpoint"}, "coordinator": {"key"}, "metrics": {"wid"}}
# KCL's (CoordinatorState, MigrationState) and ours.
_KEYS = (LEADER, "Migration", "record-processor-")
_WAITER = {"Delay": 1, "MaxAttempts": 60}
_KILOBYTE = 1000


def check_items(table: str, kind: str, items: Items) -> None:
    """Raise SetupError if somebody else keeps something in a table."""
    strangers = [item for item in items if not _is_of(kind, item)]
    if strangers:
        (key, *_) = sorted(_NEEDED[kind] & strangers[0].keys()) or [""]
        name = next(iter(strangers[0].get(key, {}).values()), "?")
        raise SetupError(
            f"nothing was removed: table {table} has items that no worker writes, such as {name}. Is it another "
            "application's, or yours?"
        )


def _is_of(kind: str, item: Mapping[str, Any]) -> bool:
    if not _NEEDED[kind] <= item.keys():
        return False
    return kind != "coordinator" or str(item["key"].get("S", "")).startswith(_KEYS)


def check_unprotected(description: Mapping[str, Any]) -> None:
    """Raise SetupError if a table is protected from being deleted."""
    if description.get("DeletionProtectionEnabled"):
        raise SetupError(
            f"nothing was removed: table {description['TableName']} is protected from being deleted. "
            f"`aws dynamodb update-table --table-name {description['TableName']} --no-deletion-protection-enabled` "
            "ends that"
        )


def size(items: Items) -> str:
    """Return how many items there are, and about how large they are."""
    size_bytes = sum(len(name) + _length(value) for item in items for name, value in item.items())
    count = f"{len(items):,} item" + "s" * (len(items) != 1)
    return f"{count}, about {max(1, round(size_bytes / _KILOBYTE)):,} kB" if items else "no items"


def _length(value: Any) -> int:
    """Return about how many bytes a value takes."""
    if isinstance(value, Mapping):
        return sum(_length(one) for one in value.values())
    if isinstance(value, str | bytes):
        return len(value)
    return sum(map(_length, value)) if isinstance(value, Sequence) else 1


def delete(dynamodb: Any, table: str) -> None:
    """Delete a table, and wait until it is gone. One that is gone already is fine."""
    try:
        dynamodb.delete_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        return
    dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig=_WAITER)
