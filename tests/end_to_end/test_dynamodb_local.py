"""What TTL deletes, on DynamoDB, and on a user's DynamoDB Local with all else that it writes otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.busy_stream.client import BusyStream
    from tests.harness import Database, Worker

ACTIONS = """\
actions:
  - name: all
    type: file
    format: plain
    path: all.jsonl
  - name: expired
    type: file
    format: plain
    path: expired.jsonl
    filter: {userIdentity: {type: [Service], principalId: [dynamodb.amazonaws.com]}}
"""


@pytest.mark.parametrize("dialect", ["dynamodb", "dynamodb-local"])
def test_what_ttl_deletes_is_told_from_other_deletions_and_no_shard_waits(
    database: Database, worker: Callable[..., Worker], busy: BusyStream, dialect: str
) -> None:
    table = database.table()
    arn = busy.show(table, 1, dialect=dialect)
    assert ("ddblocal" in arn) == (dialect == "dynamodb-local")
    running = worker(arn, actions=ACTIONS, kinesisEndpoint=busy.endpoint)
    for _ in range(2):
        database.put(table, "a", map={"M": {"inner": {"L": [{"M": {}}]}}})
        busy.command("expire", arn=arn, key={"id": {"S": "a"}})
        database.delete(table, "a")
    database.put(table, "b")
    database.delete(table, "b")
    lines = running.wait_for_lines("all.jsonl", 6)
    expired = running.wait_for_lines("expired.jsonl", 2)
    assert running.stop() == 0
    assert [line["eventName"] for line in lines] == ["INSERT", "REMOVE"] * 3
    assert expired == [lines[1], lines[3]]
    assert {line["table"] for line in lines} == {table}
    assert lines[0]["new"] == lines[1]["old"] == {"id": "a", "map": {"inner": [{}]}}
