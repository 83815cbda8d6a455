"""`seek` on real workers: what is asked for is processed again or skipped, in order per item, and nothing is lost."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.errors import SetupError
from record_processor.fleet.kcl_state import LET_GO
from record_processor.fleet.lineage import StreamShard
from record_processor.fleet.seek_plan import BEGINNING, Move, Place
from record_processor.fleet.seek_write import LeaseWriter
from tests.builders import STREAM
from tests.busy_stream.test_busy_stream import client
from tests.end_to_end.test_busy_stream import FAILS_WHILE_DOWN, TO_FILE, Writer, counters, everything
from tests.end_to_end.test_mistakes import NOBODY_LISTENS, assert_refused, at
from tests.end_to_end.test_status import TO_SHOP, states, told
from tests.end_to_end.test_steering import assert_says, steer
from tests.harness import Database, Worker, run_command, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]


def ids(of: Worker, table: str) -> list[str]:
    return [line["dynamodb"]["Keys"]["id"]["S"] for line in of.lines(f"{table}.jsonl")]


def checkpoints(database: Database, of: Worker) -> dict[str, str]:
    return {one["leaseKey"]["S"]: one["checkpoint"]["S"] for one in database.leases(of.application)}


def iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def next_second() -> float:
    """A moment at the beginning of a second: what was written until now is older, by DynamoDB's whole seconds."""
    begin = float(int(time.time()) + 1)
    wait_for(lambda: time.time() >= begin, "the next second")
    return begin


def runs(counts: list[int]) -> list[list[int]]:
    """The counters of an item, cut where they begin again."""
    found: list[list[int]] = []
    for count in counts:
        if not found or count <= found[-1][-1]:
            found.append([])
        found[-1].append(count)
    return found


def test_two_workers_process_everything_again_in_order_and_lose_nothing_of_what_is_written_meanwhile(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    busy.show(table, 4)
    workers = [worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint) for _ in range(2)]
    wait_for(lambda: sum(len(one.of("shard.started")) for one in workers) >= 4, "all shards are read")
    told(workers[0], lambda found: [one["shards"] for one in found["workers"]] == [2, 2], "each has two")
    writer = Writer(database, table)
    writer.start()
    wait_for(lambda: writer.written["item-0"] > 10, "some changes are written")
    workers[0].wait_for_lines(f"{table}.jsonl", 300)

    answer = steer(workers[0], "seek", "--to", "trim-horizon", "--yes", "--reason", "a wrong total")
    assert answer.stdout.count("processes all of it again") == 4
    assert "4 shards changed" in answer.stdout
    assert "workers have all of them" in answer.stdout
    (said, *_) = workers[1].wait_for_event("seek.ordered")
    assert (said["to"], said["shards"], said["reason"]) == ("trim-horizon", 4, "a wrong total")
    assert [one["now"] for one in said["first"]] == ["TRIM_HORIZON"] * 4
    assert all(one["was"].isdigit() for one in said["first"])
    assert "@" in said["by"]
    expected = everything(writer.end())

    def arrived() -> bool:
        found = counters(workers[0].lines(f"{table}.jsonl"))
        return all(runs(found[item])[-1] == counts for item, counts in expected.items())

    wait_for(arrived, "all of it, from the first change on")
    for counts in counters(workers[0].lines(f"{table}.jsonl")).values():
        before, _ = runs(counts)  # once until the seek, and once again
        assert before == list(range(1, before[-1] + 1))
    assert [one.stop() for one in workers] == [0, 0]


def test_a_time_in_an_ended_parent_whose_lease_is_deleted_brings_its_records_and_then_its_childrens(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    arn = busy.show(table, 1)
    running = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    database.put(table, "old")
    running.wait_for_lines(f"{table}.jsonl", 1)
    begin = next_second()
    database.put(table, "in the parent")
    running.wait_for_lines(f"{table}.jsonl", 2)
    (parent,) = [shard["ShardId"] for shard in busy.command("shards", arn=arn)]
    busy.command("end", arn=arn, at=0, into=2)
    database.put_many(table, ["a", "b", "c", "d"])
    running.wait_for_lines(f"{table}.jsonl", 6)
    wait_for(lambda: checkpoints(database, running).get(parent) == "SHARD_END", "the parent's end is saved")
    # As KCL does hours later.
    database.client.delete_item(TableName=running.application, Key={"leaseKey": {"S": parent}})

    before = checkpoints(database, running)
    shown = steer(running, "seek", "--to", iso(begin), "--dry-run").stdout
    assert f"{parent}: ended, all of it is done; begins at {iso(begin)}: processes again" in shown
    assert shown.endswith("3 shards to begin elsewhere, 0 to stay as they are\nnothing was changed\n")
    assert_says(steer(running, "seek", "--to", iso(begin), status=2), "nothing was changed: --yes has 3 shards")
    assert {key for key in checkpoints(database, running) if key not in before} == set()
    assert running.of("seek.ordered") == running.of("lease.lost") == []

    steer(running, "seek", "--to", iso(begin), "--yes")
    lines = running.wait_for_lines(f"{table}.jsonl", 11)
    assert [line["dynamodb"]["Keys"]["id"]["S"] for line in lines[:2]] == ["old", "in the parent"]
    again = ids(running, table)[6:]
    assert again[0] == "in the parent"  # the children wait for it
    assert sorted(again[1:]) == ["a", "b", "c", "d"]
    wait_for(lambda: checkpoints(database, running).get(parent) == "SHARD_END", "the parent is done again")
    told(running, lambda found: found["lag_seconds"] == 0.0, "all is done")
    assert running.stop() == 0


def test_what_blocks_and_waits_is_skipped_and_one_record_of_one_shard_is_where_it_begins_again(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(FAILS_WHILE_DOWN)
    (tmp_path / "down").touch()
    table = database.table()
    arn = busy.show(table, 1)
    running = worker(table, actions=TO_SHOP, kinesisEndpoint=busy.endpoint)
    database.put_many(table, ["a", "b", "c"])
    (blocked, *_) = running.wait_for_event("delivery.blocked")
    next_second()
    answer = steer(running, "seek", "--to", "latest", "--yes")
    assert "skips what is left from" in answer.stdout
    (tmp_path / "down").unlink()
    database.put_many(table, ["d", "e"])
    handled = tmp_path / "handled"
    wait_for(lambda: handled.exists() and handled.read_text().split() == ["d", "e"], "what comes after it")
    told(running, lambda found: found["lag_seconds"] == 0.0 and states(found) == ["reading"], "nothing is left")
    assert running.stop() == 0

    (shard,) = [one["ShardId"] for one in busy.command("shards", arn=arn)]
    first = blocked["sequence_number"]
    assert_says(steer(running, "seek", "--to", first, status=2), "a sequence number is one shard's; say which")
    (saved,) = checkpoints(database, running).values()
    answer = steer(running, "seek", "--to", first, "--shard", shard[-8:], "--yes")
    assert "begins with its oldest record" in answer.stdout
    assert "no worker runs: they begin there with the next one" in answer.stdout
    (lease,) = database.leases(running.application)
    assert (lease["checkpoint"]["S"], lease["leaseOwner"]["S"]) == ("TRIM_HORIZON", LET_GO)
    steer(running, "seek", "--to", saved, "--shard", shard, "--yes")
    (lease,) = database.leases(running.application)
    assert int(first) < int(lease["checkpoint"]["S"]) < int(saved)
    busy.command("trim", arn=arn, keep=1)
    refused = steer(running, "seek", "--to", first, "--shard", shard, "--yes", status=2)
    assert_says(refused, f"--to {first}: shard {shard} has no record", f"its oldest record is {saved}")

    again = worker(table, actions=TO_SHOP, kinesisEndpoint=busy.endpoint)
    wait_for(lambda: handled.read_text().split() == ["d", "e", "e"], "the record that was asked for")
    assert again.stop() == 0


def test_a_lease_that_cannot_be_written_is_named_with_those_that_are_changed_and_those_that_are_not(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    busy.show(table, 3)
    running = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    running.wait_for_event("shard.started", 3)
    assert running.stop() == 0
    first, second, third = sorted(checkpoints(database, running))
    to = ("--to", "trim-horizon", "--yes", "--set", f"dynamoDBEndpoint={busy.endpoint}")

    fault = {"kind": "throughput", "operation": "UpdateItem", "lasting": 60}
    busy.command("fault", **fault, place=second)
    answer = steer(running, "seek", *to, status=1)
    assert_says(answer, f'"changed: {first}"', f"not changed: {second}, {third}. Run the command again")
    busy.command("fault", **fault, place=first)
    refused = steer(running, "seek", *to, status=2)
    assert "changed:" not in refused.stderr
    busy.command("mend")
    assert "3 shards changed" in steer(running, "seek", *to).stdout


class Interfering:
    """A client with which somebody else writes the lease after each of the first reads of it."""

    def __init__(self, client: Any, writes: list[dict[str, Any]]) -> None:
        self._client = client
        self._writes = writes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_item(self, **call: Any) -> Any:
        answer = self._client.get_item(**call)
        if self._writes:
            self._client.update_item(TableName=call["TableName"], Key=call["Key"], **self._writes.pop(0))
        return answer


@pytest.fixture
def leases(database: Database) -> str:
    name = f"leases-{uuid.uuid4().hex[:8]}"
    database.client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
    )
    return name


def a_lease(key: str, counter: int, **more: str) -> dict[str, Any]:
    texts = {name: {"S": value} for name, value in {"leaseKey": key, "checkpoint": "100", **more}.items()}
    return {**texts, "leaseCounter": {"N": str(counter)}, "checkpointSubSequenceNumber": {"N": "0"}}


CHECKPOINT = {
    "UpdateExpression": "SET checkpoint = :new, leaseCounter = leaseCounter + :one",
    "ExpressionAttributeValues": {":new": {"S": "150"}, ":one": {"N": "1"}},
}
SHARD_END = {
    "UpdateExpression": "SET checkpoint = :new",
    "ExpressionAttributeValues": {":new": {"S": "SHARD_END"}},
}


def test_a_checkpoint_between_the_read_and_the_write_neither_wins_nor_is_taken_for_another_shards_end(
    database: Database, leases: str
) -> None:
    handed_over = {"leaseOwner": "new", "checkpointOwner": "old", "pendingCheckpoint": "170"}
    database.client.put_item(TableName=leases, Item=a_lease("s-1", 7, **handed_over))
    move = Move(STREAM, StreamShard("s-1"), Place("LATEST", 1_800_000_000_000), "100", was_done=False)
    interfering = Interfering(database.client, [CHECKPOINT, CHECKPOINT])
    writer = LeaseWriter(interfering, leases, is_multi=False)
    writer.write(move)
    (found,) = database.leases(leases)
    assert found == {
        "leaseKey": {"S": "s-1"},
        "checkpoint": {"S": "LATEST"},
        "checkpointSubSequenceNumber": {"N": "0"},
        "latestStartMillis": {"N": "1800000000000"},
        "leaseOwner": {"S": LET_GO},
        "leaseCounter": {"N": "10"},  # so that neither a renewal nor a checkpoint of the old owner is accepted
    }
    assert not writer.is_taken(move)
    back = Move(STREAM, StreamShard("s-1"), BEGINNING, "LATEST", was_done=False)
    ended = LeaseWriter(Interfering(database.client, [SHARD_END]), leases, is_multi=False)
    with pytest.raises(SetupError, match="shard s-1 has begun or ended since the plan was made: run the command again"):
        ended.write(back)
    assert database.leases(leases)[0]["checkpoint"] == {"S": "SHARD_END"}


def test_the_lease_of_a_shard_that_is_opened_again_is_written_anew_if_kcl_deletes_it_right_then(
    database: Database, leases: str
) -> None:
    database.client.put_item(TableName=leases, Item=a_lease("s-1", 7, checkpoint="SHARD_END"))
    parent = Move(STREAM, StreamShard("s-1", "s-0"), BEGINNING, "SHARD_END", was_done=True)
    writer = LeaseWriter(database.client, leases, is_multi=False)
    writer.write(parent)
    database.client.delete_item(TableName=leases, Key={"leaseKey": {"S": "s-1"}})
    assert not writer.is_taken(parent)
    (found,) = database.leases(leases)
    assert (found["checkpoint"], found["leaseOwner"]) == ({"S": "TRIM_HORIZON"}, {"S": LET_GO})
    assert found["parentShardId"] == {"SS": ["s-0"]}
    # Else the leader would take it for the old one, which stood still for long, and assign it at once.
    assert int(found["leaseCounter"]["N"]) > 1_000_000_000


def test_what_cannot_be_sought_is_one_message(database: Database, tmp_path: Path) -> None:
    table = database.table()

    def asked(*arguments: str, **properties: str) -> Any:
        file = at(database, tmp_path, **{"streamName": table, **properties})
        return run_command("seek", file, "--yes", *arguments, cwd=tmp_path)

    assert_refused(asked("--to", "latest"), "there is no lease table 'app-mistakes'", database.endpoint)
    assert_refused(asked("--to", "latest", "--table", "Other"), "--table Other")
    assert_refused(asked("--to", "yesterday"), "--to: 'yesterday' is no position; expected trim-horizon")
    assert_refused(asked("--to", "latest", dynamoDBEndpoint=NOBODY_LISTENS), f"cannot connect to {NOBODY_LISTENS}")
    provider = "DefaultCredentialsProvider"
    assert_refused(asked("--to", "latest", AwsCredentialsProvider=provider), "no AWS credentials found")
    assert_refused(asked("--to", "latest", streamName="Nothing"), "no table 'Nothing'")
    assert_refused(asked("--to", "latest", regionName="nowhere"), "regionName", "'nowhere'")
    assert_refused(run_command("seek", "absent.properties", "--to", "latest", cwd=tmp_path), "cannot be read")


def test_a_shard_that_is_not_there_or_not_of_this_application_is_refused(
    database: Database, leases: str, tmp_path: Path
) -> None:
    table = database.table()
    file = at(database, tmp_path, streamName=table, applicationName=leases)
    refused = run_command("seek", file, "--to", "latest", "--yes", cwd=tmp_path)
    assert_refused(refused, "no shard has been read yet: workers begin at initialPositionInStream")
    arn = database.client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    described = client(database.endpoint).describe_stream(StreamArn=arn)["StreamDescription"]
    (shard,) = [one["ShardId"] for one in described["Shards"]]
    database.client.put_item(TableName=leases, Item=a_lease(shard, 1))
    refused = run_command("seek", file, "--to", "latest", "--shard", "other", "--yes", cwd=tmp_path)
    assert_refused(refused, "there is no shard 'other'", shard)
    assert json.dumps(database.leases(leases)[0]["checkpoint"]) == '{"S": "100"}'
