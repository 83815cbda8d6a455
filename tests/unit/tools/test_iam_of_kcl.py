"""Which calls of DynamoDB and CloudWatch are in KCL, the adapter, the lock client and our Java: a policy names them.

A run through a proxy shows the calls of some minutes. This shows the rest: a version of KCL that calls something else,
and calls that come only hours later.
"""

from __future__ import annotations

import functools
import zipfile
from pathlib import Path

import pytest

from record_processor.host import jvm
from tests.next_kcl.class_files import ClassFile, read

LIBRARIES = ("amazon-kinesis-client", "dynamodb-lock", "dynamodb-streams", "record-processor-daemon")
SDK = "software/amazon/awssdk/services/dynamodb/"
CLIENTS = {
    f"{SDK}DynamoDbAsyncClient",
    f"{SDK}DynamoDbClient",
    f"{SDK}streams/DynamoDbStreamsClient",
    "software/amazon/awssdk/services/cloudwatch/CloudWatchAsyncClient",
    "software/amazon/awssdk/enhanced/dynamodb/DynamoDbAsyncTable",
}
NO_CALLS = {"builder", "close", "serviceName", "waiter", "tableSchema", "tableName", "create", "describeTable"}
REFRESHER = "software/amazon/kinesis/leases/LeaseRefresher"
KCL = "software/amazon/kinesis/"
ADAPTER = "com/amazonaws/services/dynamodbv2/streamsadapter/"

CALLED = {
    f"{KCL}leases/dynamodb/DynamoDBLeaseRefresher": {
        # The index is made by our own CreateTable; only a table of KCL 2 lacks it.
        "createTable", "deleteItem", "getItem", "putItem", "query", "scan", "updateContinuousBackups", "updateItem",
        "updateTable",
    },
    f"{KCL}coordinator/CoordinatorStateDAO": {"createTable", "getItem", "putItem", "scan", "updateItem"},
    f"{KCL}worker/metricstats/WorkerMetricStatsDAO": {"deleteItem", "scan", "updateItem"},
    f"{KCL}utils/DdbUtil": {"createTable", "updateContinuousBackups"},
    f"{KCL}metrics/CloudWatchMetricsPublisher": {"putMetricData"},
    f"{ADAPTER}AmazonDynamoDBStreamsAdapterClient": {"describeStream", "getRecords", "getShardIterator", "listStreams"},
    "com/amazonaws/services/dynamodbv2/AmazonDynamoDBLockClient": {
        "createTable", "deleteItem", "getItem", "putItem", "updateItem",
    },
    "com/amazonaws/services/dynamodbv2/LockItemPaginatedQueryIterator": {"query"},
    "com/amazonaws/services/dynamodbv2/LockItemPaginatedScanIterator": {"scan"},
    "recordprocessor/failover/LeaderWatch$LeaseTable": {"getItem", "queryPaginator", "updateItem"},
    "recordprocessor/failover/ShutdownHandoff": {"deleteItem"},
    "recordprocessor/kclpatches/AssignmentNotes": {"updateItem"},
    "recordprocessor/kclpatches/LockTable": {"getItem", "updateItem"},
    "recordprocessor/streams/StartTimes": {"getItem", "updateItem"},
}  # fmt: skip
"""By class: the calls in it. Those of the lock client's iterators are made by nobody."""


@functools.cache
def classes() -> dict[str, ClassFile]:
    found: dict[str, ClassFile] = {}
    for jar in map(Path, jvm.jars()):
        if jar.name.startswith(LIBRARIES):
            with zipfile.ZipFile(jar) as archive:
                for name in archive.namelist():
                    if name.endswith(".class") and not name.startswith("META-INF/"):
                        found[name.removesuffix(".class")] = read(archive.read(name))
    return found


def test_no_other_call_is_in_the_classes_than_those_that_the_policy_was_made_from() -> None:
    found: dict[str, set[str]] = {}
    for name, one in classes().items():
        calls = {reference.member.name for reference in one.references if reference.owner in CLIENTS} - NO_CALLS
        if calls and not name.endswith("AsyncToSyncClientAdapter"):  # it passes on what the lock client calls
            found[name] = calls
    assert found == CALLED


def callers(owner: str, method: str) -> set[str]:
    return {
        name
        for name, one in classes().items()
        if any(reference.owner == owner and reference.member.name == method for reference in one.references)
    }


def test_leases_of_shards_that_are_gone_are_deleted_minutes_later_and_so_in_no_test() -> None:
    assert f"{ADAPTER}DynamoDBStreamsShardSyncer" in callers(REFRESHER, "deleteLease")
    assert f"{KCL}leases/LeaseCleanupManager" in callers(REFRESHER, "deleteLease")


@pytest.mark.parametrize("method", ["listCoordinatorState"])
def test_what_would_scan_the_coordinator_table_is_called_by_nobody(method: str) -> None:
    assert callers(f"{KCL}coordinator/CoordinatorStateDAO", method) == set()
