"""A worker works with what a kit leaves it: writable folders, its configuration, its probes, its time to stop."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.deploy import manifests, template
from tests.deploy.boxed_worker import SHARED_MEMORY, BoxedWorker
from tests.harness import REGION, Database, wait_for
from tests.http_get import get
from tests.servers.process import free_port, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def status(port: int, path: str) -> int:
    """The status of an answer; 0 if nobody answers."""
    try:
        return get(port, path)[0]
    except ConnectionError:
        return 0


class Kit(NamedTuple):
    properties: Path
    writable: list[str]
    stop_seconds: float
    is_healthy: Callable[[int], bool]
    """What the platform thinks of the worker at a port; those of the files are replaced by it."""


def healthy_for_kubernetes(port: int) -> bool:
    probes = [manifests.container()[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe")]
    return [status(port, path) for path in probes] == [200, 200]


def healthy_for_ecs(port: int) -> bool:
    program = template.health_program().replace("9464", str(port))
    return subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


KITS = {
    "kubernetes": Kit(
        manifests.PROPERTIES,
        manifests.writable(),
        manifests.pod()["terminationGracePeriodSeconds"],
        healthy_for_kubernetes,
    ),
    "ecs": Kit(template.PROPERTIES, template.writable(), template.container()["StopTimeout"], healthy_for_ecs),
}
# A handler whose library writes a file, and an action with a client of AWS.
ACTIONS = """
actions:
  - {{name: copy, type: dynamodb, table: {copy}, aws: {{endpoint: "{endpoint}"}}}}
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


def test_a_worker_needs_no_more_than_a_kit_leaves_it(running: Running, database: Database) -> None:
    worker, kit = running.worker, running.kit
    assert not kit.is_healthy(running.port)
    worker.wait_for_event("metrics.ready")
    wait_for(lambda: kit.is_healthy(running.port), "the worker is healthy")
    database.put(running.table, "1")
    assert "wrote /tmp/" in worker.wait_for_event("handler.print")["message"]
    wait_for(lambda: database.client.scan(TableName=running.copy)["Items"], "the item is copied")
    assert worker.stop(kit.stop_seconds) == 0
    assert not kit.is_healthy(running.port)
    assert [line for line in worker.raw if "Read-only" in line or "Errno" in line] == []
