"""`metricsPort` of real workers: what is scraped is true, whatever happens to the shards and whoever asks."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.shop import FAILS_WHILE_DOWN, TO_SHOP
from tests.end_to_end.test_mistakes import at
from tests.harness import Database, Worker, run_command, wait_for
from tests.http_get import get as asked
from tests.http_get import series
from tests.promtool import promtool as find_promtool
from tests.servers.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]
    Begin = Callable[..., tuple[Worker, str, int]]

DOES_NOTHING = "def handle(event, context):\n    pass\n"


def scraped(port: int) -> dict[str, float]:
    """All series by name and labels."""
    status, text = asked(port, "/metrics")
    assert status == 200
    return series(text)


def shop(name: str, table: str) -> str:
    return f'{name}{{table="{table}",action="shop"}}'


@pytest.fixture
def begin(database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path) -> Begin:
    """Starts a worker with a handler, a port for metrics and so many shards."""

    def start(code: str, shards: int, **properties: str) -> tuple[Worker, str, int]:
        (tmp_path / "shop.py").write_text(code)
        table, port = database.table(), free_port()
        busy.show(table, shards)
        running = worker(table, actions=TO_SHOP, kinesisEndpoint=busy.endpoint, metricsPort=str(port), **properties)
        return running, table, port

    return start


def listening(worker: Worker) -> list[str]:
    """The addresses on which the processes of a worker listen, as the kernel writes them."""
    inodes = set()
    for pid in [worker.process.pid, *worker.family()]:
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            with contextlib.suppress(OSError):
                inodes.update(re.findall(r"socket:\[(\d+)\]", str(descriptor.readlink())))
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return [line[1] for line in lines if line[3] == "0A" and line[9] in inodes]


def test_a_worker_is_scraped_while_it_works_and_while_a_shard_process_is_killed(
    database: Database, begin: Begin
) -> None:
    running, table, port = begin(DOES_NOTHING, 2)
    running.wait_for_event("metrics.ready")
    assert asked(port, "/healthz") == (200, "ok\n")  # a start is not ill
    assert listening(running) == [f"0100007F:{port:04X}"]
    running.wait_for_event("shard.started", 2)
    wait_for(lambda: asked(port, "/readyz") == (200, "ok\n"), "it is ready")
    database.put_many(table, "abcdefgh")
    delivered = shop("records_delivered_total", table)
    wait_for(lambda: scraped(port)[delivered] >= 8, "all are delivered")
    before = scraped(port)

    os.kill(running.children()[0], signal.SIGKILL)
    restarts = f'shard_process_restarts_total{{table="{table}",reason="killed"}}'

    def restarted() -> bool:
        found = scraped(port)
        counters = [name for name in before if "_total" in name or "_bucket" in name or "_count" in name]
        assert {name: found[name] for name in counters if found[name] < before[name]} == {}
        assert asked(port, "/healthz")[0] == 200
        return found.get(restarts) == 1

    wait_for(restarted, "the restart is counted")
    running.wait_for_event("shard.started", 3)
    database.put_many(table, "ijkl")
    lag = f'lag_seconds{{table="{table}"}}'
    wait_for(
        lambda: (one := scraped(port))[delivered] >= 12 and one[lag] == 0, "they are delivered, and nothing is left"
    )
    told = scraped(port)
    assert (told["leases_held"], told["leases_lost_total"], told["jvm_up"], told["forker_running"]) == (2, 0, 1, 1)
    assert told[f'leader{{application="{running.application}"}}'] == 1
    assert told[f'shards{{table="{table}"}}'] == 2
    assert told[shop("call_seconds_count", table)] >= 12
    assert told[shop("write_to_done_seconds_count", table)] >= 12
    assert 0 < told['jvm_memory_used_bytes{area="heap"}'] <= told['jvm_memory_max_bytes{area="heap"}']
    assert told["lease_renewal_age_seconds"] < 10
    wait_for(lambda: scraped(port)[f'checkpoint_age_seconds{{table="{table}"}}'] == 0, "all is saved")
    assert scraped(port)[f'checkpoints_total{{table="{table}"}}'] >= 1
    assert running.stop() == 0


def test_promtool_has_nothing_against_what_a_worker_shows(begin: Begin) -> None:
    running, _, port = begin(DOES_NOTHING, 2, metricsPerShard="true")
    running.wait_for_event("shard.started", 2)
    wait_for(lambda: any(name.startswith("shard_lag_seconds") for name in scraped(port)), "the shards are shown")
    text = asked(port, "/metrics")[1]
    answer = subprocess.run(
        [find_promtool(), "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_a_blocked_record_shows_and_makes_nobody_ill(database: Database, begin: Begin, tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    running, table, port = begin(FAILS_WHILE_DOWN, 1)
    database.put(table, "a")
    running.wait_for_event("delivery.blocked")
    blocked = shop("blocked_seconds", table)
    wait_for(lambda: scraped(port)[blocked] > 2, "it is blocked")
    told = scraped(port)
    assert told[f'lag_seconds{{table="{table}"}}'] >= 2
    assert (told[f'blocked_shards{{table="{table}"}}'], told[f'pending_records{{table="{table}"}}']) == (1, 1)
    assert told[shop("failed_attempts_total", table)] >= 1
    assert asked(port, "/healthz") == asked(port, "/readyz") == (200, "ok\n")
    (shard,) = json.loads(asked(port, "/status.json")[1])["shards"]
    assert (shard["state"], shard["table"], shard["pending"]) == ("blocked", table, 1)
    assert shard["lag"]["seconds"] >= 2
    assert "the sink is down" in shard["blocks"][0]["error"]
    (tmp_path / "down").unlink()
    wait_for(lambda: scraped(port)[blocked] == 0, "it is mended")


def ask_in_haste(port: int, over: threading.Event, asked_at: list[float]) -> None:
    """Ask a thousand times a second, and wait for no answer."""
    waiting: deque[socket.socket] = deque()
    while not over.wait(0.001):
        with contextlib.suppress(OSError):
            waiting.append(socket.create_connection((LOOPBACK, port), 20))
            waiting[-1].sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            asked_at.append(time.monotonic())
        if len(waiting) > 100:
            waiting.popleft().close()
    for connection in waiting:
        connection.close()


def test_scrapers_that_hang_or_flood_keep_nothing_from_being_delivered(database: Database, begin: Begin) -> None:
    running, table, port = begin(DOES_NOTHING, 1)
    running.wait_for_event("shard.started")
    over = threading.Event()

    def flood() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                asked(port, "/metrics")

    hanging = [socket.create_connection((LOOPBACK, port), 20) for _ in range(30)]
    asked_in_haste: list[float] = []
    threads = [threading.Thread(target=flood, daemon=True) for _ in range(16)]
    threads.append(threading.Thread(target=ask_in_haste, args=(port, over, asked_in_haste), daemon=True))
    for thread in threads:
        thread.start()
    for round_ in range(5):
        database.put_many(table, [f"{round_}-{number}" for number in range(20)])
    wait_for(lambda: scraped(port)[shop("records_delivered_total", table)] >= 100, "all are delivered")
    wait_for(lambda: len(asked_in_haste) >= 3000, "some thousand questions")
    assert asked(port, "/healthz")[0] == 200
    database.put(table, "the last")
    wait_for(lambda: scraped(port)[shop("records_delivered_total", table)] >= 101, "the last one is delivered")
    over.set()
    for thread in threads:
        thread.join(30)
    for connection in hanging:
        connection.close()
    assert running.of("shard.process_ended") == []
    assert running.stop() == 0


def test_a_worker_whose_jvm_is_gone_answers_no_probe_with_ok(begin: Begin) -> None:
    running, _, port = begin(DOES_NOTHING, 1)
    running.wait_for_event("shard.started")
    assert asked(port, "/healthz")[0] == 200
    os.kill(running.jvm(), signal.SIGKILL)

    def is_unhealthy() -> bool:
        try:
            return asked(port, "/healthz")[0] == 503
        except OSError:  # the worker has ended with it
            return True

    wait_for(is_unhealthy, "no probe succeeds", 20)
    assert running.process.wait(20) != 0


def test_metrics_in_the_log_are_there_at_the_end_at_the_latest(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(DOES_NOTHING)
    table = database.table()
    busy.show(table, 1)
    running = worker(table, actions=TO_SHOP, kinesisEndpoint=busy.endpoint, metricsFormat="emf")
    database.put_many(table, "abc")
    running.wait_for_event("shard.started")
    wait_for(lambda: database.leases(running.application)[0]["checkpoint"]["S"].isdigit(), "they are done")
    assert listening(running) == []
    assert running.stop() == 0
    told = [line for line in running.of("metrics.figures") if line.get("action") == "shop"]
    assert sum(line["records_delivered"] for line in told) >= 1
    (directive,) = told[0]["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["application", "table", "action"]]
    assert {"Name": "records_delivered", "Unit": "Count"} in directive["Metrics"]


def test_without_a_port_nothing_listens(database: Database, worker: StartWorker, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(DOES_NOTHING)
    running = worker(database.table(), actions=TO_SHOP)
    running.wait_for_event("shard.started")
    assert listening(running) == []
    assert running.of("metrics.ready") == []


def test_a_port_that_is_taken_is_one_message_and_nothing_is_started(database: Database, tmp_path: Path) -> None:
    table = database.table()
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        file = at(database, tmp_path, streamName=table, metricsPort=str(port))
        answer: Any = run_command("run", file, cwd=tmp_path)
    assert answer.returncode == 2
    *_, last = answer.stderr.splitlines()
    assert last.startswith(f"record-processor: metricsPort: cannot listen on {LOOPBACK} port {port}")
    assert "Address already in use" in last
    assert "worker.starting" not in answer.stderr
