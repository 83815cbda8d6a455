"""`record-processor status` of an application with many shards."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.busy_stream.client import BusyStream
from tests.harness import REGION, Database, run_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHARDS = 1000
_AT_ONCE = 25


@pytest.fixture
def busy(database: Database, tmp_path: Path) -> Iterator[BusyStream]:
    made = BusyStream(database, tmp_path)
    yield made
    made.end()


def make_leases(database: Database, table: str, shard_ids: list[str]) -> None:
    """As KCL has them after the shards were begun."""
    database.client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
    )
    for start in range(0, len(shard_ids), _AT_ONCE):
        rows: list[Any] = [
            {"PutRequest": {"Item": {"leaseKey": {"S": shard_id}, "checkpoint": {"S": "TRIM_HORIZON"}}}}
            for shard_id in shard_ids[start : start + _AT_ONCE]
        ]
        database.client.batch_write_item(RequestItems={table: rows})


def test_a_thousand_shards_take_two_seconds_and_one_read_each(
    database: Database, busy: BusyStream, tmp_path: Path
) -> None:
    table = database.table()
    application = f"app-{table}"
    arn = busy.show(table, SHARDS)
    make_leases(database, application, [shard["ShardId"] for shard in busy.command("shards", arn=arn)])
    database.put(table, "a")
    (tmp_path / "worker.properties").write_text(
        f"applicationName = {application}\nstreamName = {table}\nregionName = {REGION}\n"
        f"dynamoDBEndpoint = {database.endpoint}\nkinesisEndpoint = {busy.endpoint}\n"
        "AwsCredentialsProvider = LocalCredentialsProvider\n"
    )
    took = []
    for look in range(1, 4):
        begun = time.monotonic()
        answer = run_command("status", "worker.properties", "--json", cwd=tmp_path)
        took.append(time.monotonic() - begun)
        assert answer.returncode == 0, answer.stderr
        found = json.loads(answer.stdout)
        assert len(found["shards"]) == SHARDS
        assert sum(shard["lag"]["seconds"] > 0 for shard in found["shards"]) == 1
        assert busy.command("counted")["GetRecords"] == SHARDS * look
    # Other programs on this machine make it slower, and none makes it faster.
    assert min(took) <= 2, took
