"""`seek` on real workers: what is asked for is processed again or skipped, in order per item, and nothing is lost."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from record_processor.delivery.orders import Seek
from record_processor.errors import SetupError
from record_processor.fleet import orders_item
from record_processor.fleet.kcl_state import LET_GO
from record_processor.fleet.lineage import StreamShard
from record_processor.fleet.seek_plan import BEGINNING, Move, Place
from record_processor.fleet.seek_write import LeaseWriter
from tests.builders import STREAM
from tests.busy_stream.test_busy_stream import all_there, client
from tests.end_to_end.shop import TO_SHOP
from tests.end_to_end.test_busy_stream import NOTES_UNLESS_DOWN, TO_FILE, Writer, counters, everything
from tests.end_to_end.test_mistakes import NOBODY_LISTENS, assert_refused, at
from tests.end_to_end.test_steering import steer
from tests.harness import Database, Worker, run_command, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]


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
    wait_for(lambda: all(len(one.of("shard.started")) >= 2 for one in workers), "each has two shards")
    writer = Writer(database, table)
    writer.start()
    workers[0].wait_for_lines(f"{table}.jsonl", 100)

    answer = steer(workers[0], "seek", "--to", "trim-horizon", "--yes", "--reason", "a wrong total")
    assert answer.stdout.count("begins with its oldest record") == 4
    assert "4 shards changed" in answer.stdout
    assert "workers have all of them" in answer.stdout
    (said, *_) = workers[1].wait_for_event("seek.ordered")
    assert (said["to"], said["shards"], said["reason"]) == ("trim-horizon", 4, "a wrong total")
    assert [one["now"] for one in said["first"]] == ["TRIM_HORIZON"] * 4
    assert "@" in said["by"]
    expected = everything(writer.end())

    def arrived() -> bool:
        found = counters(workers[0].lines(f"{table}.jsonl"))
        return all(runs(found[item])[-1] == counts for item, counts in expected.items())

    wait_for(arrived, "all of it, from the first change on")
    for counts in counters(workers[0].lines(f"{table}.jsonl")).values():
        before, _ = runs(counts)  # once until the seek, and once again
        assert before == list(range(1, before[-1] + 1))


def test_a_time_in_an_ended_parent_brings_its_records_and_then_its_childrens_and_latest_skips_what_blocks(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(NOTES_UNLESS_DOWN)
    handled, down = tmp_path / "handled", tmp_path / "down"
    table = database.table()
    arn = busy.show(table, 1)
    running = worker(table, actions=TO_SHOP, kinesisEndpoint=busy.endpoint)
    database.put(table, "old")
    wait_for(handled.exists, "it is handled")
    begin = next_second()
    database.put(table, "in-the-parent")
    wait_for(lambda: len(handled.read_text().split()) == 2, "it is handled")
    (parent,) = [shard["ShardId"] for shard in busy.command("shards", arn=arn)]
    busy.command("end", arn=arn, at=0, into=2)
    database.put_many(table, ["a", "b", "c", "d"])
    wait_for(lambda: len(handled.read_text().split()) == 6, "the children are read")
    wait_for(lambda: checkpoints(database, running).get(parent) == "SHARD_END", "the parent's end is saved")
    # As KCL does hours later.
    database.client.delete_item(TableName=running.application, Key={"leaseKey": {"S": parent}})

    answer = steer(running, "seek", "--to", iso(begin), "--yes")
    assert f"{parent}: ended, all of it is done; begins at {iso(begin)}: processes again" in answer.stdout
    wait_for(lambda: len(handled.read_text().split()) == 11, "five of the six again")
    again = handled.read_text().split()[6:]
    assert again[0] == "in-the-parent"  # the children wait for it
    assert sorted(again[1:]) == ["a", "b", "c", "d"]
    wait_for(lambda: checkpoints(database, running).get(parent) == "SHARD_END", "the parent is done again")

    down.touch()
    database.put_many(table, ["e", "f", "g", "h", "i", "j"])
    running.wait_for_event("delivery.blocked", 2)
    next_second()
    answer = steer(running, "seek", "--to", "latest", "--yes")
    assert answer.stdout.count("skips what is left from") == 2
    assert parent not in answer.stdout
    down.unlink()
    database.put_many(table, ["k", "l", "m", "n"])
    wait_for(lambda: sorted(handled.read_text().split()[11:]) == ["k", "l", "m", "n"], "what comes after it")


class ByHand:
    """An application without workers, whose leases are written by hand."""

    def __init__(self, database: Database, busy: BusyStream, leases: str, folder: Path, shards: int) -> None:
        self.database, self.busy, self.leases, self._folder = database, busy, leases, folder
        self.table = database.table()
        self.arn = busy.show(self.table, shards)
        self.shards: list[str] = [one["ShardId"] for one in busy.command("shards", arn=self.arn)]
        for shard in self.shards:
            self.write(shard, "100")
        make_table(database, f"{leases}-CoordinatorState", "key")

    def write(self, shard: str, checkpoint: str) -> None:
        self.database.client.put_item(TableName=self.leases, Item=a_lease(shard, 1, checkpoint=checkpoint))

    def seek(self, *arguments: str) -> Any:
        endpoints = {"dynamoDBEndpoint": self.busy.endpoint, "kinesisEndpoint": self.busy.endpoint}
        file = at(self.database, self._folder, streamName=self.table, applicationName=self.leases, **endpoints)
        return run_command("seek", file, *arguments, cwd=self._folder)

    def orders(self) -> Any:
        key = {"key": {"S": orders_item.KEY}}
        return self.database.client.get_item(TableName=f"{self.leases}-CoordinatorState", Key=key)

    def lease(self, shard: str) -> dict[str, Any]:
        return next(one for one in self.database.leases(self.leases) if one["leaseKey"]["S"] == shard)


@pytest.fixture
def by_hand(database: Database, busy: BusyStream, leases: str, tmp_path: Path) -> Callable[[int], ByHand]:
    return lambda shards: ByHand(database, busy, leases, tmp_path, shards)


def test_a_lease_that_cannot_be_written_is_named_with_those_that_are_changed_and_those_that_are_not(
    by_hand: Callable[[int], ByHand],
) -> None:
    application = by_hand(3)
    first, second, third = application.shards
    shown = application.seek("--to", "trim-horizon", "--dry-run")
    assert (shown.returncode, shown.stdout.splitlines()[-1]) == (0, "nothing was changed")
    assert_refused(application.seek("--to", "trim-horizon"), "nothing was changed: --yes has 3 shards (above) begin")
    assert {application.lease(shard)["checkpoint"]["S"] for shard in application.shards} == {"100"}
    assert "Item" not in application.orders()

    # Any refusal that the SDK does not try again.
    fault = {"kind": "expired", "operation": "UpdateItem", "lasting": 60}
    application.busy.command("fault", **fault, place=second)
    answer = application.seek("--to", "trim-horizon", "--yes")
    assert answer.returncode == 1
    assert f"\nchanged: {first}\nnot changed: {second}, {third}. Run the command again\n" in answer.stderr
    checkpoints = [application.lease(shard)["checkpoint"]["S"] for shard in application.shards]
    assert checkpoints == ["TRIM_HORIZON", "100", "100"]
    application.busy.command("fault", **fault, place=first)
    assert_refused(application.seek("--to", "latest", "--yes"), "ExpiredIteratorException")
    application.busy.command("mend")
    answer = application.seek("--to", "latest", "--yes")
    assert answer.stdout.endswith("3 shards changed\nno worker runs: they begin there with the next one\n")
    assert {application.lease(shard)["leaseOwner"]["S"] for shard in application.shards} == {LET_GO}
    since = int(application.lease(first)["latestStartMillis"]["N"])
    assert time.time() - 60 < since / 1000 <= time.time()


def test_a_time_skips_nothing_of_a_shard_that_is_behind_unless_that_is_asked_for(
    by_hand: Callable[[int], ByHand],
) -> None:
    application = by_hand(1)
    (shard,) = application.shards
    application.database.put(application.table, "a")
    begin = next_second()
    application.database.put(application.table, "b")
    (first, _) = all_there(client(application.busy.endpoint), application.arn, 2)
    checkpoint = str(int(first["dynamodb"]["SequenceNumber"]) - 1)
    application.write(shard, "TRIM_HORIZON")
    assert_refused(application.seek("--to", iso(begin), "--yes"), "every shard begins there already")
    application.write(shard, checkpoint)
    answer = application.seek("--to", iso(begin), "--yes")
    assert f"begins after {checkpoint}, where it is" in answer.stdout
    assert application.lease(shard)["checkpoint"]["S"] == checkpoint
    answer = application.seek("--to", iso(begin), "--yes", "--skip")
    assert f"begins at {iso(begin)}: skips what is left from" in answer.stdout
    assert application.lease(shard)["latestStartMillis"]["N"] == f"{begin * 1000:.0f}"


def test_of_two_at_the_same_time_the_first_says_that_leases_may_be_a_mixture(by_hand: Callable[[int], ByHand]) -> None:
    application = by_hand(1)
    application.busy.command("fault", kind="slow", operation="UpdateItem", place=application.shards[0], seconds=1.5)
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(application.seek, "--to", "latest", "--yes")
        wait_for(lambda: "Item" in application.orders(), "it is ordered")
        other = Seek("ann@desk", time.time(), to="trim-horizon", shards=1)
        coordinator = f"{application.leases}-CoordinatorState"
        orders_item.change(application.database.client, coordinator, lambda orders: replace(orders, seek=other))
    assert answer.result().returncode == 1
    assert "ann@desk has 1 shard begin at trim-horizon at the same time" in answer.result().stderr


def test_one_shard_begins_with_the_record_that_is_named_or_is_refused(by_hand: Callable[[int], ByHand]) -> None:
    application = by_hand(1)
    (shard,) = application.shards
    application.database.put_many(application.table, ["a", "b", "c"])
    records = all_there(client(application.busy.endpoint), application.arn, 3)
    first, second, third = (one["dynamodb"]["SequenceNumber"] for one in records)
    application.write(shard, third)
    assert_refused(application.seek("--to", second, "--yes"), "a sequence number is one shard's; say which with")
    assert application.seek("--to", second, "--shard", shard[-8:], "--yes").returncode == 0
    assert application.lease(shard)["checkpoint"]["S"] == first  # a checkpoint is the record before
    assert "oldest record" in application.seek("--to", first, "--shard", shard, "--yes").stdout
    assert application.lease(shard)["checkpoint"]["S"] == "TRIM_HORIZON"
    refused = application.seek("--to", third, "--shard", shard, "--yes")
    assert_refused(refused, f"shard {shard} has done TRIM_HORIZON, and would skip what is between; --skip")
    assert application.seek("--to", third, "--shard", shard, "--yes", "--skip").returncode == 0
    assert application.lease(shard)["checkpoint"]["S"] == second
    application.busy.command("trim", arn=application.arn, keep=1)
    refused = application.seek("--to", second, "--shard", shard, "--yes")
    assert_refused(refused, f"--to {second}: shard {shard} has no record", f"its oldest record is {third}")
    assert_refused(application.seek("--to", "latest", "--shard", "other", "--yes"), "there is no shard 'other'", shard)


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
    return make_table(database, f"leases-{uuid.uuid4().hex[:8]}", "leaseKey")


def make_table(database: Database, name: str, key: str) -> str:
    database.client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
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

    assert_refused(asked("--to", "latest"), "there is no lease table 'app-mistakes", database.endpoint)
    assert_refused(asked("--to", "latest", "--table", "Other"), "--table Other")
    assert_refused(asked("--to", "yesterday"), "--to: 'yesterday' is no position; expected trim-horizon")
    assert_refused(asked("--to", "latest", dynamoDBEndpoint=NOBODY_LISTENS), f"cannot connect to {NOBODY_LISTENS}")
    provider = "DefaultCredentialsProvider"
    assert_refused(asked("--to", "latest", AwsCredentialsProvider=provider), "no AWS credentials found")
    assert_refused(asked("--to", "latest", streamName="Nothing"), "no table 'Nothing'")
    assert_refused(asked("--to", "latest", regionName="nowhere"), "regionName", "'nowhere'")
    assert_refused(run_command("seek", "absent.properties", "--to", "latest", cwd=tmp_path), "cannot be read")


def test_an_application_whose_leases_are_not_of_this_stream_is_refused(
    database: Database, leases: str, tmp_path: Path
) -> None:
    file = at(database, tmp_path, streamName=database.table(), applicationName=leases)
    refused = run_command("seek", file, "--to", "latest", "--yes", cwd=tmp_path)
    assert_refused(refused, "no shard has been read yet: workers begin at initialPositionInStream")
