"""The whole of it over HTTP, without a JVM: what is made once a second at most, and a worker's life in it."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from record_processor.config.worker_configuration import MonitoringSettings
from record_processor.delivery.blocks import Block
from record_processor.delivery.shard_report import DEAD_LETTERS, Snapshot
from record_processor.fleet.model import Application, State
from record_processor.fleet.server_clock import ServerClock
from record_processor.host.metrics import jvm_report, monitoring
from record_processor.host.metrics.monitoring import Monitoring
from record_processor.host.process_usage import Usage
from record_processor.host.shard_reports import ShardReports
from tests.builders import ARN
from tests.harness import wait_for
from tests.servers.process import LOOPBACK, free_port
from tests.unit.host.metrics.builders import TABLE, jvm, shard, who

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def shown(tmp_path: Path, port: int) -> Iterator[Monitoring]:
    settings = MonitoringSettings(LOOPBACK, port, writes_emf=False, has_shards=False)
    reports = ShardReports(tmp_path)
    made = Monitoring(settings, tmp_path, reports, ServerClock(), who(), "eu-west-1", {"Phones": ARN}, 10.0)
    yield made
    made.close()


def says(folder: Path, **more: object) -> None:
    (folder / jvm_report.NAME).write_bytes(msgspec.json.encode(jvm(**more)))


def asked(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_worker_is_healthy_from_its_start_to_the_end_of_its_jvm(shown: Monitoring, port: int, tmp_path: Path) -> None:
    assert asked(port, "/healthz") == (200, b"ok\n")
    assert asked(port, "/readyz")[0] == 503
    shown.begin("worker-1", lambda: Usage(0.5, 1 << 28))
    says(tmp_path)
    wait_for(lambda: asked(port, "/readyz") == (200, b"ok\n"), "it is ready", 10)
    shown.end()
    assert asked(port, "/healthz") == (503, b"the JVM has ended\n")
    assert asked(port, "/readyz") == (503, b"the JVM is being started\n")
    time.sleep(0.01)
    shown.begin("worker-2", lambda: Usage(None, None))
    assert asked(port, "/healthz") == (200, b"ok\n")
    assert asked(port, "/readyz")[0] == 503  # the old JVM said so, not this one
    assert b'worker="worker-2"' in asked(port, "/metrics")[1]


def test_however_often_somebody_asks_it_is_made_once_in_a_second(
    shown: Monitoring, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown
    monkeypatch.setattr(monitoring, "_KEPT_SECONDS", 3600.0)
    report = shard(tmp_path, pending=1)
    first = asked(port, "/metrics")
    report.write(Snapshot(at=time.time(), pending=2))
    assert asked(port, "/metrics") == first
    monkeypatch.setattr(monitoring, "_KEPT_SECONDS", 0.0)
    assert f'pending_records{{table="{TABLE}"}} 2'.encode() in asked(port, "/metrics")[1]


def test_the_status_is_of_the_form_that_the_command_prints(shown: Monitoring, port: int, tmp_path: Path) -> None:
    shown.begin("worker-1", lambda: Usage(0.5, 1 << 28))
    says(tmp_path)
    block = Block("pay", "it is down", "7", since=time.time() - 50)
    report = shard(tmp_path, pending=2, oldest_at=time.time() - 60, blocks=[block])
    report.counters("pay").numbers[DEAD_LETTERS] += 3
    shard(tmp_path, 2, has_caught_up=True)
    shard(tmp_path, 3, is_late=True)
    shard(tmp_path, 4, at=time.time() - 60)
    told = msgspec.json.decode(asked(port, "/status.json")[1], type=Application)
    assert (told.name, told.region, told.leader, told.dead_letters, told.blocked) == (
        "orders",
        "eu-west-1",
        "worker-1",
        3,
        1,
    )
    states = {one.shard_id: one.state for one in told.shards}
    assert states == {"s-1": State.BLOCKED, "s-2": State.READING, "s-3": State.LATE, "s-4": State.STARTING}
    (worker,) = told.workers
    assert (worker.shards, worker.cpu_cores, worker.memory_bytes) == (3, 0.5, 1 << 28)
    assert told.lag_seconds == pytest.approx(60, abs=3)


def test_a_worker_without_a_port_imports_none_of_it() -> None:
    found = "[name for name in sys.modules if '.metrics' in name or name == 'http.server']"
    code = f"import sys, record_processor.host.run; print({found})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
