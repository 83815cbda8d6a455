"""`pause`, `resume` and `skip` on real workers: what is ordered is what happens, on every host."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.shop import TO_SHOP, outage
from tests.end_to_end.test_mistakes import NOBODY_LISTENS, assert_refused, at
from tests.end_to_end.test_status import states, status, told
from tests.harness import Database, Worker, run_command, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]

TO_TWO = """
actions:
  - {name: audit, type: python, handler: "audit:handle"}
  - {name: shop, type: file, path: "shop/{table}.jsonl"}
"""
WITHIN_SECONDS = 2.0


NOTES = "def handle(event, context):\n    for record in event['Records']:\n        note(record)\n"


def noting(name: str) -> str:
    """A handler that notes in a file of this name whose records it had."""
    return (
        f"def note(record):\n    with open('{name}', 'a') as file:\n"
        "        file.write(record['dynamodb']['Keys']['id']['S'] + '\\n')\n" + NOTES
    )


def noted(of: Worker, name: str) -> list[str]:
    file = of.folder / name
    return sorted(file.read_text().split()) if file.exists() else []


def steer(of: Worker, verb: str, *arguments: str, status: int = 0) -> Any:
    answer = run_command(verb, str(of.properties_path), *arguments, cwd=of.folder)
    assert answer.returncode == status, (answer.stdout, answer.stderr)
    return answer


def assert_says(answer: Any, *parts: str) -> None:
    """A refusal, as text or as an event: the worker's logFormat decides."""
    for part in parts:
        assert part in answer.stderr


def lines(of: Worker, path: str) -> int:
    file = of.folder / path
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_a_pause_holds_on_two_hosts_through_a_takeover_and_a_restart_until_it_is_resumed(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "audit.py").write_text(noting("audited"))
    table = database.table()
    busy.show(table, 4)
    workers = [worker(table, actions=TO_TWO, kinesisEndpoint=busy.endpoint) for _ in range(2)]
    wait_for(lambda: sum(len(one.of("shard.started")) for one in workers) >= 4, "all shards are read")
    told(workers[0], lambda found: [one["shards"] for one in found["workers"]] == [2, 2], "both report")
    database.put_many(table, "abcdefgh")
    workers[0].wait_for_lines(f"shop/{table}.jsonl", 8)

    began = time.monotonic()
    answer = steer(workers[0], "pause", "--action", "shop", "--reason", "stock-taking")
    assert "action shop is paused: confirmed by all 2 workers" in answer.stdout
    assert time.monotonic() - began < 30
    (begun, *_) = workers[1].wait_for_event("pause.begun")
    assert (begun["action"], begun["reason"]) == ("shop", "stock-taking")
    assert "@" in begun["by"]
    database.put_many(table, "ijklmnop")
    # An action of type file would write at the next checkpoint, which waits for the paused one.
    wait_for(lambda: len(noted(workers[0], "audited")) == 16, "the other action goes on")
    found = told(workers[0], lambda found: set(states(found)) == {"paused"}, "they are paused")
    assert found["pauses"][0]["scope"] == {"table": None, "shard_id": None, "action": "shop"}
    assert "paused   action shop, " in run_command("status", str(workers[0].properties_path)).stdout

    workers[1].end()  # its shards move, and what was held is read again
    told(workers[0], lambda found: [one["shards"] for one in found["workers"] if not one["is_late"]] == [4], "taken")
    assert workers[0].stop() == 0  # what is held is not sent at a stop either
    again = worker(table, actions=TO_TWO, kinesisEndpoint=busy.endpoint)
    again.wait_for_event("pause.begun")
    told(again, lambda found: states(found) == ["paused"] * 4, "it is paused in the new worker")
    assert lines(again, f"shop/{table}.jsonl") == 8
    resumed = run_command("resume", str(again.properties_path), "--action", "shop", cwd=again.folder)
    # For as long as the killed one may be cut off, it has not confirmed it.
    assert resumed.returncode == 0 or "not confirmed by" in resumed.stderr
    again.wait_for_lines(f"shop/{table}.jsonl", 16)
    again.wait_for_event("pause.ended")
    told(again, lambda found: set(states(found)) == {"reading"} and found["lag_seconds"] == 0, "all is done")
    assert lines(again, f"shop/{table}.jsonl") == 16


def test_nothing_begins_two_seconds_after_a_pause_and_a_shard_is_no_stuck_one(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "audit.py").write_text(noting("audited"))
    table = database.table()
    busy.show(table, 2)
    running = worker(table, actions=TO_TWO, kinesisEndpoint=busy.endpoint, stuckAfterMillis="5000")
    wait_for(lambda: len(running.of("shard.started")) == 2, "both shards are read")
    steer(running, "pause", "--reason", "all of it")
    time.sleep(WITHIN_SECONDS)
    before = lines(running, f"shop/{table}.jsonl")
    database.put_many(table, "abcdefgh")
    time.sleep(8)
    assert lines(running, f"shop/{table}.jsonl") == before
    assert running.of("shard.stuck") == running.of("delivery.slow") == running.of("shard.process_ended") == []
    steer(running, "resume")
    running.wait_for_lines(f"shop/{table}.jsonl", 8)


def test_one_shard_is_paused_and_the_others_go_on(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "audit.py").write_text(noting("audited"))
    table = database.table()
    busy.show(table, 2)
    running = worker(table, actions=TO_TWO, kinesisEndpoint=busy.endpoint)
    wait_for(lambda: len(running.of("shard.started")) == 2, "both shards are read")
    shard = status(running)["shards"][0]["shard_id"]
    steer(running, "pause", "--table", table, "--shard", shard[-12:])
    found = told(running, lambda found: "paused" in states(found), "it is paused")
    assert sorted(states(found)) == ["paused", "reading"]
    assert_says(steer(running, "resume", status=2), "the whole application is not paused by itself", shard)
    assert_says(steer(running, "pause", "--shard", "nothing", status=2), "there is no shard 'nothing'", shard)
    answer = steer(running, "resume", "--all")
    assert f"shard {shard} of table {table} is resumed" in answer.stdout
    told(running, lambda found: states(found) == ["reading"] * 2, "it is resumed")


@pytest.mark.parametrize("letters", [False, True])
def test_a_record_that_blocks_is_skipped_and_nothing_else_can_be(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path, letters: bool
) -> None:
    actions = TO_SHOP.replace("'shop:handle'", "'shop:handle', dead_letter: {type: file, path: dead.jsonl}")
    down = outage(database, worker, busy, tmp_path, actions=actions if letters else TO_SHOP)
    running, number = down.worker, down.sequence_number
    found = told(running, lambda found: states(found) == ["blocked"], "it is blocked")
    shard = found["shards"][0]["shard_id"]
    why = ("--action", "shop", "--reason", "a broken order")
    refused = steer(running, "skip", shard, str(int(number) + 1), *why, status=2)
    assert_says(refused, "does not block shop", f"shop by record {number}")
    assert_says(steer(running, "skip", shard, number, "--action", "sop", "--reason", "x", status=2), "'sop'", "shop")

    place = "dead.jsonl" if letters else "skipped/shop.jsonl"
    answer = steer(running, "skip", shard[-8:], number, *why)
    assert f"shop has given up record {number}" in answer.stdout
    assert place in answer.stdout
    (event, *_) = running.wait_for_event("record.skipped")
    assert (event["sequence_number"], event["reason"], event["action"]) == (number, "a broken order", "shop")
    (letter,) = [json.loads(line) for line in (running.folder / place).read_text().splitlines()]
    assert letter["sequence_number"] == number
    assert "a broken order" in letter["error"]["message"]
    told(running, lambda found: found["lag_seconds"] == 0 and not found["blocked"], "the shard goes on")
    again = steer(running, "skip", shard, number, *why)
    assert "was skipped already" in again.stdout
    assert len((running.folder / place).read_text().splitlines()) == 1


def test_a_record_that_is_skipped_while_its_process_ends_for_new_actions_is_confirmed(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    # A tenth of the grace time is what a process waits for its last records before it begins again.
    down = outage(database, worker, busy, tmp_path, shutdownGraceMillis="80000")
    running, number = down.worker, down.sequence_number
    shard = told(running, lambda found: states(found) == ["blocked"], "it is blocked")["shards"][0]["shard_id"]
    steer(running, "reload")
    answer = steer(running, "skip", shard, number, "--action", "shop", "--reason", "a broken order")
    # The next process knows of it, too.
    assert f"shop has given up record {number}; its letter is in {running.folder}/skipped/shop.jsonl" in answer.stdout
    wait_for(lambda: len(running.of("shard.started")) == 2, "it has begun again")
    assert len(running.of("record.skipped")) == 1
    assert len((running.folder / "skipped/shop.jsonl").read_text().splitlines()) == 1


def test_what_cannot_be_ordered_is_one_message(database: Database, tmp_path: Path) -> None:
    table = database.table()

    def asked(verb: str, *arguments: str, **properties: str) -> Any:
        file = at(database, tmp_path, **{"streamName": table, **properties})
        return run_command(verb, file, *arguments, cwd=tmp_path)

    assert_refused(asked("pause"), "there is no table 'app-mistakes", database.endpoint)
    assert_refused(asked("resume", "--all"), "there is no table 'app-mistakes")
    assert_refused(asked("pause", "--table", "Other"), "--table Other")
    assert_refused(asked("pause", dynamoDBEndpoint=NOBODY_LISTENS), f"cannot connect to {NOBODY_LISTENS}")
    assert_refused(asked("pause", AwsCredentialsProvider="DefaultCredentialsProvider"), "no AWS credentials found")
    assert_refused(asked("pause", "--reason", "x" * 301), "--reason: expected at most 300 characters")
    assert_refused(run_command("pause", "absent.properties", cwd=tmp_path), "absent.properties: cannot be read")
    refused = asked("skip", "s", "1", "--action", "x", "--reason", "y")
    assert_refused(refused, "there is no table 'app-mistakes")


TO_FIRST = "actions: [{name: first, type: python, handler: 'shop:handle', preload: true}]"
TO_SECOND = """
actions:
  - {name: first, type: python, handler: 'shop:handle', preload: true}
  - {name: second, type: file, path: second.jsonl}
"""


def test_new_actions_and_handlers_are_in_force_without_a_restart_and_no_lease_moves(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(noting("old"))
    table = database.table()
    busy.show(table, 4)
    running = worker(table, actions=TO_FIRST, kinesisEndpoint=busy.endpoint)
    wait_for(lambda: len(running.of("shard.started")) == 4, "all shards are read")
    told(running, lambda found: states(found) == ["reading"] * 4, "it reports itself")
    database.put_many(table, "abcdefgh")
    wait_for(lambda: noted(running, "old") == list("abcdefgh"), "the old handler has them")
    before = {one["leaseKey"]["S"]: one["leaseOwner"] for one in database.leases(running.application)}

    (tmp_path / "shop.py").write_text(noting("new"))
    (tmp_path / "actions.yaml").write_text(TO_SECOND)
    answer = steer(running, "reload", "--reason", "a second sink")
    assert "1 of 1 workers have the new actions" in answer.stdout
    wait_for(lambda: len(running.of("shard.started")) == 8, "all shards are started anew")
    database.put_many(table, "ijklmnop")
    wait_for(lambda: noted(running, "new") == list("ijklmnop"), "the new handler has the rest")
    running.wait_for_lines("second.jsonl", 8)
    assert noted(running, "old") == list("abcdefgh")
    assert lines(running, "second.jsonl") == 8
    after = {one["leaseKey"]["S"]: one["leaseOwner"] for one in database.leases(running.application)}
    assert after == before
    assert running.of("lease.lost") == running.of("forker.ended") == running.of("shard.process_ended") == []
    (begun,) = running.of("reload.begun")
    assert (begun["actions"], begun["reason"]) == (["first", "second"], "a second sink")


def test_wrong_actions_are_refused_whole_and_a_signal_reloads_one_worker(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(noting("old"))
    table = database.table()
    busy.show(table, 1)
    running = worker(table, actions=TO_FIRST, kinesisEndpoint=busy.endpoint)
    running.wait_for_event("shard.started")
    (tmp_path / "actions.yaml").write_text(TO_SECOND.replace("file, path", "flie, path"))
    assert_says(steer(running, "reload", status=2), "flie", "file")
    running.process.send_signal(signal.SIGHUP)
    (refused, *_) = running.wait_for_event("reload.refused")
    assert "flie" in refused["message"]
    assert refused["by"] == "SIGHUP"
    database.put(table, "a")
    wait_for(lambda: noted(running, "old") == ["a"], "the old actions go on")

    (tmp_path / "actions.yaml").write_text(TO_SECOND)
    running.process.send_signal(signal.SIGHUP)
    running.wait_for_event("reload.begun")
    wait_for(lambda: len(running.of("shard.started")) == 2, "it is started anew")
    database.put(table, "b")
    running.wait_for_lines("second.jsonl", 1)
    assert noted(running, "old") == ["a", "b"]
    assert running.stop() == 0


def test_a_reload_mends_an_action_that_blocks_a_shard(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text("def handle(event, context):\n    raise RuntimeError('a bug')\n")
    table = database.table()
    arn = busy.show(table, 1)
    running = worker(table, actions=TO_FIRST, kinesisEndpoint=busy.endpoint, shutdownGraceMillis="5000")
    database.put(table, "a")
    running.wait_for_event("delivery.blocked")
    busy.command("end", arn=arn, at=0, into=1)  # and the end of the shard waits for it
    database.put(table, "b")
    (tmp_path / "shop.py").write_text(noting("new"))
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: noted(running, "new") == ["a", "b"], "the new code has both")
