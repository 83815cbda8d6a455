"""The stand-in beside DynamoDB Local: a plain client must not be able to tell, but for the number of shards."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.busy_stream.client import BusyStream
from tests.harness import REGION, Database, wait_for

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
    """All records of a shard; an open one, until an empty answer."""
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


def test_its_records_are_dynamodb_locals_own(database: Database, busy: BusyStream) -> None:
    table = database.table()
    arn = busy.show(table, 4, limited=False)
    write(database, table, 10, 5)
    database.delete(table, "item-3")
    stand_in = client(busy.endpoint)
    assert all_there(stand_in, arn, 51) == read_all(client(database.endpoint), arn)


def test_a_description_is_dynamodb_locals_but_for_the_shards(database: Database, busy: BusyStream) -> None:
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
