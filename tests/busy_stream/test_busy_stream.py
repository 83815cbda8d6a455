"""The stand-in beside the local database: a plain client must not see a difference, except in the number of shards."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from record_processor.errors import SetupError
from record_processor.local.ministack import LOOPBACK, started
from tests.busy_stream.client import BusyStream
from tests.harness import REGION, Database, wait_for
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def busy(database: Database, tmp_path: Path) -> Iterator[BusyStream]:
    made = BusyStream(database, tmp_path)
    yield made
    made.end()


def client(endpoint: str, service: str = "dynamodbstreams") -> Any:
    session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
    return session.client(service, endpoint_url=endpoint, config=_ONCE)


def shards_of(streams: Any, arn: str, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    start: dict[str, str] = {}
    while True:
        page = streams.describe_stream(StreamArn=arn, **start, **more)["StreamDescription"]
        found += page["Shards"]
        if "LastEvaluatedShardId" not in page:
            return found
        start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}


def read(streams: Any, arn: str, shard_id: str) -> list[dict[str, Any]]:
    """Return all records of a shard; for an open one, until an empty answer."""
    where = {"StreamArn": arn, "ShardId": shard_id, "ShardIteratorType": "TRIM_HORIZON"}
    iterator, records = streams.get_shard_iterator(**where)["ShardIterator"], []
    while iterator is not None:
        page = streams.get_records(ShardIterator=iterator)
        records += page["Records"]
        iterator = page.get("NextShardIterator") if page["Records"] else None
    return records


def read_all(streams: Any, arn: str) -> list[dict[str, Any]]:
    records = [record for shard in shards_of(streams, arn) for record in read(streams, arn, shard["ShardId"])]
    return sorted(records, key=lambda record: int(record["dynamodb"]["SequenceNumber"]))


def write(database: Database, table: str, items: int, times: int) -> None:
    for number in range(times):
        for item in range(items):
            database.put(table, f"item-{item}", n={"N": str(number)})


def all_there(streams: Any, arn: str, count: int) -> list[dict[str, Any]]:
    wait_for(lambda: len(read_all(streams, arn)) >= count, f"{count} records")
    return read_all(streams, arn)


def test_its_records_are_the_databases_own(database: Database, busy: BusyStream) -> None:
    table = database.table()
    arn = busy.show(table, 4, limited=False)
    write(database, table, 10, 5)
    database.delete(table, "item-3")
    stand_in = client(busy.endpoint)
    assert all_there(stand_in, arn, 51) == read_all(client(database.endpoint), arn)


def test_a_description_is_the_databases_but_for_the_shards(database: Database, busy: BusyStream) -> None:
    table = database.table()
    arn = busy.show(table, 4)
    shown = client(busy.endpoint).describe_stream(StreamArn=arn)["StreamDescription"]
    real = client(database.endpoint).describe_stream(StreamArn=arn)["StreamDescription"]
    assert shown.pop("Shards") != real.pop("Shards")
    assert shown == real
    assert client(busy.endpoint, "dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"] == arn


def test_an_item_stays_in_its_shard_and_in_its_order_over_splits_and_rollovers(
    database: Database, busy: BusyStream
) -> None:
    table = database.table()
    arn = busy.show(table, 3, limited=False)
    stand_in = client(busy.endpoint)
    write(database, table, 20, 2)
    all_there(stand_in, arn, 40)
    children = [*busy.command("end", arn=arn, at=0, into=2), *busy.command("end", arn=arn, at=1, into=1)]
    write(database, table, 20, 2)
    all_there(stand_in, arn, 80)
    found = shards_of(stand_in, arn)
    assert len(found) == 6
    by_id = {shard["ShardId"]: shard for shard in found}
    shard_of_item: dict[str, list[str]] = defaultdict(list)
    for shard in found:
        for record in read(stand_in, arn, shard["ShardId"]):
            shard_of_item[record["dynamodb"]["Keys"]["id"]["S"]].append(shard["ShardId"])
    for shards in shard_of_item.values():
        assert len(shards) == 4
        assert len(set(shards)) <= 2
        if len(set(shards)) == 2:  # the parent's first, and the child's
            assert by_id[shards[-1]]["ParentShardId"] == shards[0]
    for child in children:
        parent = by_id[by_id[child]["ParentShardId"]]
        assert int(parent["SequenceNumberRange"]["EndingSequenceNumber"]) < int(
            by_id[child]["SequenceNumberRange"]["StartingSequenceNumber"]
        )


def test_listings_have_pages_and_can_be_asked_for_the_children_of_a_shard(database: Database, busy: BusyStream) -> None:
    arn = busy.show(database.table(), 7)
    stand_in = client(busy.endpoint)
    assert shards_of(stand_in, arn, Limit=3) == shards_of(stand_in, arn)
    (parent, *_) = shards_of(stand_in, arn)
    children = busy.command("end", arn=arn, at=0, into=2)
    only = {"Type": "CHILD_SHARDS", "ShardId": parent["ShardId"]}
    assert [shard["ShardId"] for shard in shards_of(stand_in, arn, ShardFilter=only)] == children
    busy.command("hide", arn=arn, shards=[parent["ShardId"]])
    listed = {shard["ShardId"] for shard in shards_of(stand_in, arn)}
    assert parent["ShardId"] not in listed
    assert set(children) <= listed


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_more_than_five_reads_a_second_on_a_shard_are_throttled(database: Database, busy: BusyStream) -> None:
    arn = busy.show(database.table(), 1)
    stand_in = client(busy.endpoint)
    (shard,) = shards_of(stand_in, arn)
    where = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "LATEST"}
    iterator = stand_in.get_shard_iterator(**where)["ShardIterator"]
    for _ in range(5):
        stand_in.get_records(ShardIterator=iterator)
    with pytest.raises(ClientError) as refused:
        stand_in.get_records(ShardIterator=iterator)
    assert code_of(refused) == "ThrottlingException"
    busy.command("advance", seconds=1)
    stand_in.get_records(ShardIterator=iterator)


def test_an_iterator_expires_after_fifteen_minutes_of_its_clock(database: Database, busy: BusyStream) -> None:
    arn = busy.show(database.table(), 1)
    stand_in = client(busy.endpoint)
    (shard,) = shards_of(stand_in, arn)
    where = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "LATEST"}
    iterator = stand_in.get_shard_iterator(**where)["ShardIterator"]
    busy.command("advance", seconds=899)
    stand_in.get_records(ShardIterator=iterator)
    busy.command("advance", seconds=2)
    with pytest.raises(ClientError) as refused:
        stand_in.get_records(ShardIterator=iterator)
    assert code_of(refused) == "ExpiredIteratorException"


def test_a_call_gives_at_most_a_megabyte(database: Database, busy: BusyStream) -> None:
    table = database.table("NEW_IMAGE")
    arn = busy.show(table, 1, limited=False)
    for number in range(4):
        database.put(table, str(number), large={"S": "x" * 390_000})
    stand_in = client(busy.endpoint)
    all_there(stand_in, arn, 4)
    (shard,) = shards_of(stand_in, arn)
    where = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    page = stand_in.get_records(ShardIterator=stand_in.get_shard_iterator(**where)["ShardIterator"])
    assert [record["dynamodb"]["SizeBytes"] for record in page["Records"]] == [390_011, 390_011]


def test_a_call_gives_at_most_a_thousand_records(database: Database, busy: BusyStream) -> None:
    table = database.table("KEYS_ONLY")
    arn = busy.show(table, 1, limited=False)
    write(database, table, 100, 11)
    stand_in = client(busy.endpoint)
    all_there(stand_in, arn, 1100)
    (shard,) = shards_of(stand_in, arn)
    where = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = stand_in.get_shard_iterator(**where)["ShardIterator"]
    assert len(stand_in.get_records(ShardIterator=iterator)["Records"]) == 1000
    assert len(stand_in.get_records(ShardIterator=iterator, Limit=7)["Records"]) == 7


def test_what_is_trimmed_cannot_be_read_and_the_horizon_moves(database: Database, busy: BusyStream) -> None:
    table = database.table()
    arn = busy.show(table, 1, limited=False)
    write(database, table, 10, 1)
    stand_in = client(busy.endpoint)
    records = all_there(stand_in, arn, 10)
    (shard,) = shards_of(stand_in, arn)
    assert busy.command("trim", arn=arn) == 10
    where = {"StreamArn": arn, "ShardId": shard["ShardId"]}
    after_third = {**where, "SequenceNumber": records[2]["dynamodb"]["SequenceNumber"]}
    with pytest.raises(ClientError) as refused:
        stand_in.get_shard_iterator(**after_third, ShardIteratorType="AFTER_SEQUENCE_NUMBER")
    assert code_of(refused) == "TrimmedDataAccessException"
    after_last = {**where, "SequenceNumber": records[-1]["dynamodb"]["SequenceNumber"]}
    stand_in.get_shard_iterator(**after_last, ShardIteratorType="AFTER_SEQUENCE_NUMBER")
    write(database, table, 1, 2)  # the first changes nothing, and makes no record
    wait_for(lambda: len(read(stand_in, arn, shard["ShardId"])) == 1, "the new one, from the horizon")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("throttle", "ThrottlingException"),
        ("limit", "LimitExceededException"),
        ("internal", "InternalServerError"),
        ("expired", "ExpiredIteratorException"),
        ("trimmed", "TrimmedDataAccessException"),
    ],
)
def test_a_commanded_fault_meets_the_next_call_and_no_other(
    database: Database, busy: BusyStream, fault: str, code: str
) -> None:
    arn = busy.show(database.table(), 1)
    stand_in = client(busy.endpoint)
    busy.command("fault", kind=fault, operation="DescribeStream")
    with pytest.raises(ClientError) as refused:
        stand_in.describe_stream(StreamArn=arn)
    assert code_of(refused) == code
    stand_in.describe_stream(StreamArn=arn)
    busy.command("fault", kind="drop", operation="DescribeStream")
    with pytest.raises(ConnectionClosedError):
        stand_in.describe_stream(StreamArn=arn)


def expired(database: Database, busy: BusyStream, arn: str, table: str) -> None:
    """An item that holds an empty map, and that TTL deletes."""
    database.put(table, "a", map={"M": {"inner": {"L": [{"M": {}}]}}})
    busy.command("expire", arn=arn, key={"id": {"S": "a"}})
    database.delete(table, "a")
    database.put(table, "a")
    database.delete(table, "a")


def test_a_deletion_by_ttl_says_who_made_it_and_the_next_one_does_not(database: Database, busy: BusyStream) -> None:
    table = database.table()
    arn = busy.show(table, 2)
    expired(database, busy, arn, table)
    records = all_there(client(busy.endpoint), arn, 4)
    assert [record["eventName"] for record in records] == ["INSERT", "REMOVE", "INSERT", "REMOVE"]
    identities = [record.get("userIdentity") for record in records]
    assert identities == [None, {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}, None, None]


def test_records_can_be_written_as_dynamodb_local_does(database: Database, busy: BusyStream) -> None:
    table = database.table()
    arn = busy.show(table, 1, dialect="dynamodb-local")
    assert arn.startswith(f"arn:aws:dynamodb:ddblocal:000000000000:table/{table}/stream/")
    expired(database, busy, arn, table)
    records = all_there(client(busy.endpoint), arn, 4)
    assert [record["eventName"] for record in records] == ["INSERT", "UNKNOWN_TO_SDK_VERSION", "INSERT", "REMOVE"]
    assert {record["awsRegion"] for record in records} == {"ddblocal"}
    assert {record["dynamodb"]["ApproximateCreationDateTime"].second for record in records} == {0}
    assert records[0]["dynamodb"]["NewImage"]["map"] == {"M": {"inner": {"L": [{}]}}}
    assert records[1]["dynamodb"]["OldImage"] == records[0]["dynamodb"]["NewImage"]


def test_a_restart_of_the_database_is_waited_for_and_nothing_is_there_twice(tmp_path: Path) -> None:
    port = free_port()
    with started(port, tmp_path / "data"):
        database = Database(f"http://{LOOPBACK}:{port}")
        table = database.table()
        busy = BusyStream(database, tmp_path)
        arn = busy.show(table, 2, limited=False)
        database.put_many(table, ["a", "b"])
        before = all_there(client(busy.endpoint), arn, 2)
    try:
        with started(port, tmp_path / "data"):
            database.put(table, "c")
            assert all_there(client(busy.endpoint), arn, 3)[:2] == before
    finally:
        busy.end()


def test_a_database_that_has_forgotten_what_was_read_of_it_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that is killed leaves its folder.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port = free_port()
    with started(port, tmp_path / "data"):
        database = Database(f"http://{LOOPBACK}:{port}")
        table = database.table()
    with contextlib.suppress(SetupError), started(port, tmp_path / "data") as process:
        busy = BusyStream(database, tmp_path)
        arn = busy.show(table, 2, limited=False)
        database.put(table, "forgotten")
        all_there(client(busy.endpoint), arn, 1)
        process.kill()
        process.wait()
    try:
        with started(port, tmp_path / "data"):
            database.put(table, "after")
            refused = wait_for(lambda: refusal(client(busy.endpoint), arn), "it says so")
            assert "does not have any more what was read from it" in refused
    finally:
        busy.end()


def refusal(streams: Any, arn: str) -> str:
    """Return its message if it refuses; empty if it does not."""
    try:
        streams.describe_stream(StreamArn=arn)
    except ClientError as error:
        return str(error)
    return ""
