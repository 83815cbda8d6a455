"""The three tables in which KCL keeps its state, created before it starts.

KCL would create them itself, one after another, with waits in between that a cold start pays for: 10 s for the index of
the lease table alone. Their shapes are KCL's (DynamoDBLeaseSerializer, CoordinatorStateDAO, WorkerMetricStats).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from record_processor.aws.clients import explained
from record_processor.config.choices import BillingMode, StreamMode
from record_processor.errors import SetupError

if TYPE_CHECKING:
    from record_processor.config.worker_configuration import KclTable, KclTables

_INDEX = "LeaseOwnerToLeaseKeyIndex"
_WAITER = {"Delay": 1, "MaxAttempts": 60}


def prepare(dynamodb: Any, tables: KclTables) -> None:
    """Create the missing tables, and wait until they can be used.

    Raises:
        SetupError: a table cannot be created, or exists and is not one of KCL's.
    """
    created = [table["TableName"] for table in wanted(tables) if _create_missing(dynamodb, table)]
    for name in created:
        with explained(f"table {name}"):
            dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=_WAITER)
    for table in tables:
        if table.has_point_in_time_recovery:
            _enable_recovery(dynamodb, table.name)


def wanted(tables: KclTables) -> list[dict[str, Any]]:
    """Return the three tables as `CreateTable` takes them."""
    return [_lease_table(tables.leases), _keyed_table(tables.coordinator, "key"), _keyed_table(tables.metrics, "wid")]


def find(dynamodb: Any, name: str) -> dict[str, Any] | None:
    """Return a table's description; None if it does not exist.

    Raises:
        SetupError: it may not be described.
    """
    with explained(f"table {name}"):
        try:
            found: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            return None
    return found


def check_key(found: dict[str, Any], table: dict[str, Any]) -> None:
    """Compare what exists with what is wanted.

    Raises:
        SetupError: it is not one of KCL's.
    """
    if found["KeySchema"] != table["KeySchema"]:
        raise SetupError(
            f"table {table['TableName']!r} is there, and its key is not the one that KCL needs. Does applicationName "
            "equal the name of a table of yours? Choose another, or set tableName"
        )


def stream_mode(dynamodb: Any, table: str, asked: StreamMode, streams: int) -> str:
    """Return `single` or `multi`: in which of KCL's two forms this application keeps its leases.

    The form decides the leases' keys, so changing it would orphan every checkpoint. With `streamMode = auto` an
    application keeps its first form.

    Raises:
        SetupError: the existing leases do not match what is asked for.
    """
    existing = _mode_of_leases(dynamodb, table)
    mode = (existing or ("multi" if streams > 1 else "single")) if asked is StreamMode.AUTO else asked.value
    if existing not in (None, mode):
        raise SetupError(
            f"streamMode: the leases in table {table!r} are of mode {existing!r}, and {mode!r} would start from the "
            "initial position again. Use another applicationName, or delete the table to mean it"
        )
    if mode == "single" and streams > 1:
        raise SetupError(
            f"streamName: {streams} streams need streamMode multi, and the leases in table {table!r} are of one "
            "stream alone. Use another applicationName for several streams"
        )
    return mode


def _mode_of_leases(dynamodb: Any, table: str) -> str | None:
    with explained(f"lease table {table}"):
        leases = dynamodb.scan(TableName=table, Limit=1)["Items"]
    if not leases:
        return None
    return "multi" if "streamName" in leases[0] else "single"


def _create_missing(dynamodb: Any, table: dict[str, Any]) -> bool:
    found = find(dynamodb, table["TableName"])
    if found is None:
        with explained(f"table {table['TableName']}"):
            return _create(dynamodb, table)
    check_key(found, table)
    return found["TableStatus"] == "CREATING"  # type: ignore[no-any-return]


def _create(dynamodb: Any, table: dict[str, Any]) -> bool:
    with contextlib.suppress(dynamodb.exceptions.ResourceInUseException):  # another worker of the application was first
        dynamodb.create_table(**table)
    return True


def _enable_recovery(dynamodb: Any, table: str) -> None:
    """Enable point-in-time recovery; no change if it is enabled already.

    At each start, since a worker may have ended between creating the table and this. KCL does it for the lease table
    only.
    """
    with explained(f"point-in-time recovery of table {table}"):
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )


def _lease_table(table: KclTable) -> dict[str, Any]:
    return {
        "TableName": table.name,
        "AttributeDefinitions": [_string("leaseKey"), _string("leaseOwner")],
        "KeySchema": [{"AttributeName": "leaseKey", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": _INDEX,
                "KeySchema": [
                    {"AttributeName": "leaseOwner", "KeyType": "HASH"},
                    {"AttributeName": "leaseKey", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        "BillingMode": BillingMode.PAY_PER_REQUEST.value,
        "DeletionProtectionEnabled": table.has_deletion_protection,
    }


def _keyed_table(table: KclTable, key: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TableName": table.name,
        "AttributeDefinitions": [_string(key)],
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "BillingMode": table.billing_mode.value,
        "DeletionProtectionEnabled": table.has_deletion_protection,
    }
    if table.billing_mode is BillingMode.PROVISIONED:
        request["ProvisionedThroughput"] = {
            "ReadCapacityUnits": table.read_capacity_units,
            "WriteCapacityUnits": table.write_capacity_units,
        }
    return request


def _string(name: str) -> dict[str, str]:
    return {"AttributeName": name, "AttributeType": "S"}
