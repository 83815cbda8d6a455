"""`record-processor status` on real workers and streams: what it says is true."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.shop import TO_SHOP, outage
from tests.end_to_end.test_mistakes import NOBODY_LISTENS, assert_refused, at, written
from tests.harness import COMMAND, REGION, Database, Worker, run_command, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]

TO_FILE = "actions: [{name: audit, type: file, path: '{table}.jsonl'}]"
# A record's time is in whole seconds, rounded down.
GRAIN = 1.0


def status(of: Worker, *arguments: str) -> dict[str, Any]:
    answer = run_command("status", str(of.properties_path), "--json", *arguments, cwd=of.folder)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def told(of: Worker, condition: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
    """The first status that fulfils a condition."""

    def look() -> dict[str, Any] | None:
        found = status(of)
        return found if condition(found) else None

    found = wait_for(look, what, 60)
    assert found is not None
    return found


def states(found: dict[str, Any]) -> list[str]:
    return [shard["state"] for shard in found["shards"]]


def lags(found: dict[str, Any]) -> list[float | None]:
    return [shard["lag"]["seconds"] for shard in found["shards"]]


def assert_lag(found: dict[str, Any], lag: float, written_at: float) -> None:
    """The lag is the age of a record that was written just before that moment."""
    age = found["at"] - written_at
    assert age - 0.2 <= lag <= age + GRAIN + 0.2


def test_without_a_worker_it_says_what_is_left_to_do_and_since_when(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    arn = busy.show(table, 1)
    running = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    database.put(table, "a")
    running.wait_for_lines(f"{table}.jsonl", 1)
    assert running.stop() == 0
    found = status(running)
    assert (states(found), lags(found), found["lag_seconds"]) == (["unowned"], [0.0], 0.0)
    assert (found["workers"], found["streams"]) == ([], [{"table": table, "arn": arn, "replaced_by": None}])

    written_at = time.time()
    database.put(table, "b")
    time.sleep(1.5)
    database.put(table, "c")  # newer, and so it does not matter
    found = wait_for(lambda: (one := status(running))["lag_seconds"] and one, "it is there")
    assert_lag(found, found["lag_seconds"], written_at)
    (shard,) = found["shards"]
    assert shard["lag"]["trimmed_in_seconds"] == pytest.approx(24 * 3600 - found["lag_seconds"])
    assert (shard["lag"]["basis"], shard["checkpoint"].isdigit(), shard["owner"]) == ("checkpoint", True, None)


def test_the_lag_of_ended_parents_counts_and_their_children_wait(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    arn = busy.show(table, 1)
    running = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    running.wait_for_event("shard.started")
    assert running.stop() == 0
    written_at = time.time()
    database.put(table, "in the parent")
    wait_for(lambda: status(running)["lag_seconds"], "it is in the parent")
    children = busy.command("end", arn=arn, at=0, into=2)
    found = status(running)
    parent, *others = found["shards"]
    assert states(found) == ["unowned", "waiting_for_parent", "waiting_for_parent"]
    assert (parent["children"], [one["parent"] for one in others]) == (children, [parent["shard_id"]] * 2)
    assert lags(found)[1:] == [0.0, 0.0]
    assert_lag(found, parent["lag"]["seconds"], written_at)

    again = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    again.wait_for_lines(f"{table}.jsonl", 1)
    found = told(again, lambda one: states(one) == ["ended", "reading", "reading"], "the parent is done")
    assert found["lag_seconds"] == 0.0
    assert found["leader"] == found["workers"][0]["worker_id"] == found["shards"][1]["owner"]


def test_records_that_were_trimmed_before_they_were_read_are_told_of(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    arn = busy.show(table, 1)
    running = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    database.put(table, "a")
    running.wait_for_lines(f"{table}.jsonl", 1)
    assert running.stop() == 0
    database.put_many(table, "bcd")
    wait_for(lambda: busy.command("trim", arn=arn, keep=1) or None, "a day goes by")
    (shard,) = status(running)["shards"]
    assert shard["is_trimmed"]
    answer = run_command("status", str(running.properties_path), cwd=running.folder)
    assert "trimmed before they were read: they are lost" in answer.stdout


def test_the_text_is_for_people(database: Database, worker: StartWorker, tmp_path: Path) -> None:
    table = database.table()
    running = worker(table, actions=TO_FILE)
    running.wait_for_event("shard.started")
    told(running, lambda found: states(found) == ["reading"], "its owner reports it")
    answer = run_command("status", str(running.properties_path), "--table", table, cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    for part in (f"{running.application} in {REGION} at ", "lag      0 s", "(leader)", "RECORDS/S", "reading"):
        assert part in answer.stdout


def test_what_cannot_be_shown_is_one_message(database: Database, tmp_path: Path) -> None:
    table = database.table()

    def asked(*arguments: str, **properties: str) -> Any:
        file = at(database, tmp_path, **{"streamName": table, **properties})
        return run_command("status", file, *arguments, cwd=tmp_path)

    assert_refused(asked(), "there is no lease table 'app-mistakes", REGION, database.endpoint, "applicationName")
    database.put(table, "a")
    assert_refused(asked(applicationName=table), f"table '{table}' is there, and it is not a lease table")
    assert_refused(asked("--table", "Other"), "--table Other", f"it has: {table}")
    assert_refused(asked(streamName="Nothing"), "there is no table 'Nothing'")
    assert_refused(asked(dynamoDBEndpoint=NOBODY_LISTENS), f"cannot connect to {NOBODY_LISTENS}", "dynamoDBEndpoint")
    assert_refused(asked(kinesisEndpoint=NOBODY_LISTENS), f"cannot connect to {NOBODY_LISTENS}", "kinesisEndpoint")
    assert_refused(asked(AwsCredentialsProvider="DefaultCredentialsProvider"), "no AWS credentials found")
    assert_refused(run_command("status", "absent.properties", cwd=tmp_path), "absent.properties: cannot be read")


def test_a_region_that_nobody_names_is_the_sdks_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / written(tmp_path)
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "regionName" not in line))
    answer = run_command("status", str(file), cwd=tmp_path)
    assert_refused(answer, "dynamodb.us-east-1.amazonaws.com", "no AWS credentials found")


def test_a_blocked_shard_says_what_blocks_it_and_its_lag_grows_until_it_is_mended(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    down = outage(database, worker, busy, tmp_path, trimWarningMinutes="1440")
    running, table, written_at = down.worker, down.table, down.written_at
    first = told(running, lambda found: bool(found["blocked"]), "it is blocked")
    (shard,) = first["shards"]
    assert (shard["state"], shard["lag"]["basis"], shard["pending"]) == ("blocked", "report", 1)
    assert_lag(first, shard["lag"]["seconds"], written_at)
    (block,) = shard["blocks"]
    assert (block["action"], block["sequence_number"]) == ("shop", down.sequence_number)
    assert "the sink is down" in block["error"]
    assert block["attempts"] >= 1
    assert written_at <= block["since"] <= first["at"]
    later = told(running, lambda found: found["lag_seconds"] > first["lag_seconds"] + 2, "the lag grows")
    assert_lag(later, later["lag_seconds"], written_at)

    # The day that DynamoDB keeps a record is longer than what this worker warns of.
    (warning, *_) = running.wait_for_event("trim.near")
    assert (warning["table"], warning["shard_id"]) == (table, shard["shard_id"])
    assert warning["seconds_left"] == pytest.approx(24 * 3600 - (time.time() - written_at), abs=15)

    answer = run_command("status", str(running.properties_path), cwd=tmp_path)
    assert f"shop blocks record {down.sequence_number}: RuntimeError: the sink is down" in answer.stdout
    down.mend()
    mended = told(running, lambda found: found["lag_seconds"] == 0 and not found["blocked"], "it is done")
    (totals,) = mended["workers"][0]["actions"]
    assert (totals["received"], totals["delivered"], totals["dead_letters"]) == (1, 1, 0)
    assert totals["failed_attempts"] == totals["retries"] >= 1


def test_two_workers_report_themselves_and_one_that_stops_is_gone(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    busy.show(table, 4)
    workers = [worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint) for _ in range(2)]
    wait_for(lambda: sum(len(one.of("shard.started")) for one in workers) >= 4, "all shards are read")
    reporting = told(
        workers[0],
        lambda found: [one["shards"] for one in found["workers"]] == [2, 2] and set(states(found)) == {"reading"},
        "each has two shards, and reports them",
    )
    assert sum(one["is_leader"] for one in reporting["workers"]) == 1
    usage = told(
        workers[0],
        lambda found: all(one["memory_bytes"] and one["cpu_cores"] is not None for one in found["workers"]),
        "they know what they use",
    )
    for one in usage["workers"]:
        assert one["version"]
        assert 10 << 20 < one["memory_bytes"] < 2 << 30
        assert 0 <= one["cpu_cores"] < 8
        assert one["since"] < usage["at"]
    assert workers[1].stop() == 0
    told(workers[0], lambda found: [one["shards"] for one in found["workers"]] == [4], "one has all of them")


def test_counters_survive_a_shard_process_that_dies(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text("import os\ndef handle(event, context):\n" + DIES_ONCE)
    table = database.table()
    busy.show(table, 1)
    running = worker(table, actions=TO_SHOP, kinesisEndpoint=busy.endpoint)
    database.put_many(table, "abc")
    running.wait_for_event("shard.started")

    def delivered(found: dict[str, Any], count: int) -> bool:
        totals = [one for one_worker in found["workers"] for one in one_worker["actions"]]
        return bool(totals) and totals[0]["delivered"] >= count

    told(running, lambda found: delivered(found, 3), "three are delivered")
    (tmp_path / "die").touch()
    database.put(table, "d")
    running.wait_for_event("shard.process_ended")
    found = told(running, lambda found: delivered(found, 4), "the fourth is delivered")
    (totals,) = found["workers"][0]["actions"]
    assert totals["received"] >= 5  # the fourth twice: its first process died of it


DIES_ONCE = """
    if os.path.exists("die"):
        os.unlink("die")
        os._exit(1)
"""


def test_a_worker_that_was_killed_is_late_and_then_others_have_its_shards(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    busy.show(table, 1)
    running = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    database.put(table, "a")
    running.wait_for_lines(f"{table}.jsonl", 1)
    told(running, lambda found: states(found) == ["reading"], "it is read")
    running.end()
    found = told(running, lambda found: states(found) == ["late"], "its lease is late")
    assert found["workers"][0]["is_late"]


def test_a_parent_that_is_blocked_counts_after_its_end_and_what_waits_for_it_counts_too(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    down = outage(database, worker, busy, tmp_path)
    running = down.worker
    busy.command("end", arn=down.arn, at=0, into=1)
    child_written_at = time.time()
    database.put(down.table, "b")
    found = told(
        running, lambda one: states(one) == ["blocked", "waiting_for_parent"] and all(lags(one)), "both are behind"
    )
    parent, child = (shard["lag"]["seconds"] for shard in found["shards"])
    assert_lag(found, parent, down.written_at)
    assert_lag(found, child, child_written_at)
    assert found["lag_seconds"] == max(parent, child)
    down.mend()
    done = told(running, lambda one: states(one) == ["ended", "reading"] and lags(one) == [0.0, 0.0], "all is done")
    assert done["lag_seconds"] == 0.0


def test_watching_shows_it_again_until_it_is_interrupted(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    busy.show(table, 1)
    running = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    running.wait_for_event("shard.started")
    told(running, lambda found: states(found) == ["reading"], "its owner reports it")
    command = [*COMMAND, "status", str(running.properties_path), "--json", "--watch"]
    with subprocess.Popen(command, cwd=running.folder, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        first, second = (json.loads(watching.stdout.readline()) for _ in range(2))
        while states(second) == ["starting"]:  # until the worker's first report
            second = json.loads(watching.stdout.readline())
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == 128 + signal.SIGINT
    assert second["at"] - first["at"] >= 2
    assert states(second) == ["reading"]
