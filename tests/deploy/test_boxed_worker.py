"""A worker works with what a kit leaves it: its writable folders, its configuration, its probes and its time to stop."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.deploy import manifests, template
from tests.deploy.boxed_worker import SHARED_MEMORY, BoxedWorker
from tests.deploy.kit import stop_seconds
from tests.harness import REGION, Database, wait_for
from tests.servers.process import LOOPBACK, free_port, require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Kit(NamedTuple):
    properties: Path
    writable: list[str]
    stop_seconds: float


KITS = {
    "kubernetes": Kit(manifests.PROPERTIES, manifests.writable(), manifests.pod()["terminationGracePeriodSeconds"]),
    "ecs": Kit(template.PROPERTIES, template.writable(), template.container()["StopTimeout"]),
}
# A handler whose library writes a file, and an action with a client of AWS.
ACTIONS = """
actions:
  - {{name: copy, type: dynamodb, table: {copy}, aws: {{endpoint_url: "{endpoint}"}}}}
  - {{name: notes, type: python, handler: "notes:handle"}}
"""
HANDLER = """
import tempfile
def handle(event, context):
    with tempfile.NamedTemporaryFile() as file:
        print("wrote", file.name)
"""


class Running(NamedTuple):
    worker: BoxedWorker
    kit: Kit
    port: int
    table: str
    copy: str


@pytest.fixture(params=KITS)
def running(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Running]:
    for program in ("unshare", "setpriv"):
        require(program)
    kit, port = KITS[request.param], free_port()
    table, copy = database.table(), database.table(view_type=None)
    shutil.copy(kit.properties, tmp_path / "worker.properties")
    (tmp_path / "actions.yaml").write_text(ACTIONS.format(copy=copy, endpoint=database.endpoint))
    (tmp_path / "notes.py").write_text(HANDLER)
    overrides = {
        "applicationName": f"app-{uuid.uuid4().hex[:8]}",
        "streamName": table,
        "regionName": REGION,
        "dynamoDBEndpoint": database.endpoint,
        "kinesisEndpoint": database.endpoint,
        "AwsCredentialsProvider": "LocalCredentialsProvider",
        "metricsPort": str(port),
    }
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    worker = BoxedWorker(tmp_path, [SHARED_MEMORY, *kit.writable], overrides, keys)
    yield Running(worker, kit, port, table, copy)
    worker.end()


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_worker_needs_no_more_than_a_kit_leaves_it(running: Running, database: Database) -> None:
    worker, port = running.worker, running.port
    worker.wait_for_event("metrics.ready")
    wait_for(lambda: status(port, "/readyz") == 200, "the worker is ready")
    assert status(port, "/healthz") == 200
    database.put(running.table, "1")
    said = worker.wait_for_event("handler.print")
    assert "wrote /tmp/" in said["message"]
    wait_for(lambda: database.client.scan(TableName=running.copy)["Items"], "the item is copied")
    assert worker.stop(running.kit.stop_seconds) == 0
    assert running.kit.stop_seconds >= stop_seconds(running.kit.properties)
    assert [line for line in worker.raw if "Read-only" in line or "Errno" in line] == []


def checked_by_ecs(port: int) -> int:
    program = template.health_program().replace("9464", str(port))
    return subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode


@pytest.mark.parametrize("running", ["ecs"], indirect=True)
def test_the_health_check_of_ecs_is_true(running: Running) -> None:
    wait_for(lambda: checked_by_ecs(running.port) == 0, "the worker is healthy")
    assert running.worker.of("worker.running") or status(running.port, "/readyz") == 200
    running.worker.end()
    assert checked_by_ecs(running.port) != 0
