"""How a shard process ends: the shard continues within seconds, and nothing that the process started is left."""

from __future__ import annotations

import json
import signal
import threading
import time
import urllib.request
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.end_to_end.shop import TO_SHOP
from tests.harness import Database, Worker, is_running, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]

# Item `b` starts three programs and is killed with them alive; item `d` always ends its process.
SHOP = """
import ctypes, os, pathlib, signal, subprocess

def leave_three_behind():
    sleep = ['sleep', '600']
    held = subprocess.Popen(sleep)  # holds standard output and error, as an inherited pipe does
    cleared = subprocess.Popen(sleep, env={'PATH': os.environ['PATH']})
    away = subprocess.Popen(sleep, start_new_session=True)
    pathlib.Path('left').write_text(' '.join(str(one.pid) for one in (held, cleared, away)))

def handle(event, context):
    for record in event['Records']:
        name = record['dynamodb']['Keys']['id']['S']
        with open('begun', 'a') as file:
            file.write(' '.join([name, os.environ['RP_LAST_END'], os.environ['RP_RESTARTS']]) + '\\n')
        if name == 'b' and not pathlib.Path('left').exists():
            leave_three_behind()
            os.kill(os.getpid(), signal.SIGKILL)
        if name == 'hangs':
            ctypes.PyDLL(None).sleep(600)  # lets no Python code run
        if name == 'd':
            os._exit(83)  # a number of ours, which nothing confirms
"""
TO_FILE = "actions: [{name: audit, type: file, path: '{table}.jsonl'}]"
WITH_LETTERS = """
actions:
  - {name: shop, type: python, handler: 'shop:handle', retry: {max_attempts: 3}, dead_letter: {type: file, path: dead/}}
"""


def begun(folder: Path, item: str) -> list[list[str]]:
    path = folder / "begun"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split()[1:] for line in lines if line.split()[0] == item]


def moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00"))


def test_a_dead_process_ends_what_it_left_its_shard_goes_on_at_once_and_a_poisonous_record_is_given_up(
    database: Database, worker: StartWorker, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    table = database.table("KEYS_ONLY")
    database.put_many(table, ["a", "b", "c"])
    running = worker(table, actions=WITH_LETTERS)
    wait_for(lambda: begun(tmp_path, "c"), "the record after the one that killed its process")
    assert not [pid for pid in map(int, (tmp_path / "left").read_text().split()) if is_running(pid)]
    (killed,) = running.wait_for_event("shard.process_ended")
    assert {"reason": "killed", "signal": "SIGKILL", "restarts": 1, "next_start_seconds": 0.2}.items() <= killed.items()
    again = running.wait_for_event("shard.started", 2)[1]
    assert moment(again) - moment(killed) < timedelta(seconds=5)
    assert begun(tmp_path, "b") == [["none", "0"], ["killed", "1"]]
    database.put_many(table, ["d", "e"])
    wait_for(lambda: begun(tmp_path, "e"), "the record after the one that ended three processes")
    assert max(len(begun(tmp_path, item)) for item in "ac") <= 2, "again only where it was not checkpointed yet"
    assert [len(begun(tmp_path, item)) for item in "de"] == [3, 1]
    (letter,) = [json.loads(line) for line in (tmp_path / "dead/shop.jsonl").read_text().splitlines()]
    assert (letter["error"]["type"], letter["attempts"]) == ("ProcessDied", 3)
    # What is in the log came through two pipes: later than what is in a file.
    (dead,), (crash_loop,) = running.wait_for_event("record.dead"), running.wait_for_event("shard.crash_loop")
    assert crash_loop["sequence_number"] == dead["sequence_number"] == letter["sequence_number"]
    ends = running.wait_for_event("shard.process_ended", 4)[1:]
    assert [(end["reason"], end["status"]) for end in ends] == [("killed", 83)] * 3
    # When c was checkpointed says where d's row begins: at its first or at its second death.
    assert all(end["next_start_seconds"] == 0.2 * 2 ** (end["restarts"] - 1) for end in ends)
    assert ends[-1]["restarts"] >= 2
    assert not [event for event in running.of("kcl") if event["level"] == "error"]
    assert running.stop() == 0
    assert len(running.of("shard.process_ended")) == 4


# The item `loop` always ends its process; item 3 of the other table waits until it may end.
ENDING = """
import os, pathlib, time

def handle(event, context):
    for record in event['Records']:
        name = record['dynamodb']['Keys']['id']['S']
        if name == 'loop':
            os._exit(1)
        while name == '3' and not pathlib.Path('go').exists():
            pathlib.Path('at-3').touch()
            time.sleep(0.05)
        time.sleep(0.05)
        with open('handled', 'a') as file:
            file.write(record['dynamodb']['SequenceNumber'] + '\\n')
"""
ITEMS = 100


def test_a_process_that_is_stuck_is_named_and_ended_and_its_shard_goes_on(
    database: Database, worker: StartWorker, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    table = database.table("KEYS_ONLY")
    database.put_many(table, ["hangs", "c"])
    running = worker(table, actions=WITH_LETTERS.replace("attempts: 3", "attempts: 1"), stuckAfterMillis="8000")
    (stuck,) = running.wait_for_event("shard.stuck")
    assert (stuck["level"], stuck["table"]) == ("error", table)
    wait_for(lambda: begun(tmp_path, "c"), "the record after the one at which the process was stuck")
    (dead,) = running.wait_for_event("record.dead")
    assert dead["keys"] == {"id": {"S": "hangs"}}
    assert running.stop() == 0


def test_a_stop_waits_for_no_next_start_and_saves_what_was_done_of_an_ended_shard(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(ENDING)
    ending, looping = database.table("KEYS_ONLY"), database.table("KEYS_ONLY")
    arn = busy.show(ending, 1)
    database.put_many(ending, map(str, range(ITEMS)))
    database.put(looping, "loop")
    running = worker(ending, looping, actions=TO_SHOP, kinesisEndpoint=busy.endpoint)
    wait_for((tmp_path / "at-3").exists, "the call that the stop will find")
    (child,) = busy.command("end", arn=arn, at=0, into=1)
    wait_for(lambda: [one for one in database.leases(running.application) if one["shardId"]["S"] == child], "the end")
    running.wait_for_event("shard.process_ended", 4)  # the next one is started after 1.6 s
    asked = time.monotonic()
    running.signal(signal.SIGTERM)
    running.wait_for_event("worker.stopping")
    (tmp_path / "go").touch()
    assert running.process.wait(30) == 0
    assert time.monotonic() - asked < 15
    handled = (tmp_path / "handled").read_text().split()
    assert len(handled) < ITEMS, "the stop came too late to be seen"
    (lease,) = [one for one in database.leases(running.application) if one["checkpoint"]["S"] == handled[-1]]
    assert "leaseOwner" not in lease, "it is given back"
    assert not [event for event in running.of("kcl") if event["level"] == "error"]


class _ThrottledForKcl(BaseHTTPRequestHandler):
    """The local database for calls before the JVM starts; KCL is throttled forever."""

    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "aws-sdk-java" in self.headers["User-Agent"]:
            self.server.kcl_is_at_it.set()
            self._answer(400, b'{"__type": "com.amazon.coral.availability#ThrottlingException", "message": "later"}')
        else:
            request = urllib.request.Request(self.server.database, body, dict(self.headers))  # noqa: S310 - http
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                self._answer(answer.status, answer.read())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, database: str) -> None:
        super().__init__(("127.0.0.1", 0), _ThrottledForKcl)
        self.database = database
        self.kcl_is_at_it = threading.Event()


def test_a_stop_before_kcl_has_begun_ends_at_once_and_in_order(database: Database, worker: StartWorker) -> None:
    table = database.table("KEYS_ONLY")
    with _Server(database.endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running = worker(table, actions=TO_FILE, kinesisEndpoint=f"http://127.0.0.1:{server.server_port}")
        assert server.kcl_is_at_it.wait(60), "".join(running.raw)
        assert running.stop(seconds=10) == 0
        server.shutdown()
