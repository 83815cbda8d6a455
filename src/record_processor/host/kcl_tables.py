"""The three tables that KCL keeps its state in, made before it starts.

KCL would make them itself, one after another, with waits in between that a cold start pays for: 10 s alone for the
index of the lease table. Their shapes are KCL's (DynamoDBLeaseSerializer, CoordinatorStateDAO, WorkerMetricStats).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from record_processor.aws.clients import explained
from record_processor.errors import SetupError

if TYPE_CHECKING:
    from record_processor.config.properties import Properties

_INDEX = "LeaseOwnerToLeaseKeyIndex"
_WAITER = {"Delay": 1, "MaxAttempts": 60}


def lease_table_name(properties: Properties) -> str:
    return properties.optional_text("tableName") or properties.text("applicationName")


def coordinator_table_name(properties: Properties) -> str:
    return (
        properties.optional_text("coordinatorStateTableName")
        or f"{properties.text('applicationName')}-CoordinatorState"
    )


def prepare(dynamodb: Any, properties: Properties) -> None:
    """Make those of the tables that are missing, and wait until they can be used.

    Raises:
        SetupError: a table cannot be made, or is there and is none of KCL's.
    """
    application = properties.text("applicationName")
    wanted = [
        _lease_table(lease_table_name(properties), properties),
        _keyed_table(
            coordinator_table_name(properties),
            "key",
            properties,
            "coordinatorState",
        ),
        _keyed_table(
            properties.optional_text("workerMetricsTableName") or f"{application}-WorkerMetricStats",
            "wid",
            properties,
            "workerMetrics",
        ),
    ]
    created = [table["TableName"] for table in wanted if _create_missing(dynamodb, table)]
    for name in created:
        with explained(f"table {name}"):
            dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=_WAITER)


def stream_mode(dynamodb: Any, properties: Properties, streams: int) -> str:
    """`single` or `multi`: in which of KCL's two forms this application keeps its leases.

    The form decides the leases' keys, so changing it would orphan every checkpoint. With `streamMode = auto` an
    application keeps the form that it began with.

    Raises:
        SetupError: the leases that are there do not go with what is asked for.
    """
    table = lease_table_name(properties)
    asked, existing = properties.text("streamMode"), _mode_of_leases(dynamodb, table)
    mode = (existing or ("multi" if streams > 1 else "single")) if asked == "auto" else asked
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
    name = table["TableName"]
    with explained(f"table {name}"):
        try:
            found = dynamodb.describe_table(TableName=name)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            return _create(dynamodb, table)
    if found["KeySchema"] != table["KeySchema"]:
        raise SetupError(
            f"table {name!r} is there, and its key is not the one that KCL needs. Does applicationName equal the name "
            "of a table of yours? Choose another, or set tableName"
        )
    return found["TableStatus"] == "CREATING"  # type: ignore[no-any-return]


def _create(dynamodb: Any, table: dict[str, Any]) -> bool:
    with contextlib.suppress(dynamodb.exceptions.ResourceInUseException):  # another worker of the application was first
        dynamodb.create_table(**table)
    return True


def _lease_table(name: str, properties: Properties) -> dict[str, Any]:
    return {
        "TableName": name,
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
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": properties.optional_text("leaseTableDeletionProtectionEnabled") == "true",
    }


def _keyed_table(name: str, key: str, properties: Properties, prefix: str) -> dict[str, Any]:
    table: dict[str, Any] = {
        "TableName": name,
        "AttributeDefinitions": [_string(key)],
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "BillingMode": properties.optional_text(f"{prefix}BillingMode") or "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": properties.optional_text(f"{prefix}DeletionProtectionEnabled") == "true",
    }
    if table["BillingMode"] == "PROVISIONED":
        table["ProvisionedThroughput"] = {
            "ReadCapacityUnits": int(properties.optional_text(f"{prefix}ReadCapacity") or 10),
            "WriteCapacityUnits": int(properties.optional_text(f"{prefix}WriteCapacity") or 10),
        }
    return table


def _string(name: str) -> dict[str, str]:
    return {"AttributeName": name, "AttributeType": "S"}
