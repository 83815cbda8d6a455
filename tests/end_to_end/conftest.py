"""Real parts: DynamoDB Local, and the real command started as a process.

What a machine lacks is skipped with the reason; under CI=true a skip for such a reason is a failure.
"""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from typing import TYPE_CHECKING

import pytest

from record_processor.local.dynamodb_local import LOOPBACK, started
from tests.harness import Database, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def require(program: str) -> None:
    if shutil.which(program) is None:
        reason = f"needs {program} on the PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    require("java")
    require("mvn")
    port = free_port()
    with started(port):
        yield Database(f"http://{LOOPBACK}:{port}")


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts workers of one application; whatever a test leaves running is ended, by its process id."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    workers: list[Worker] = []

    def start(*tables: str, actions: str, **properties: str) -> Worker:
        made = Worker(tmp_path, database, application, tables, actions, properties)
        workers.append(made)
        return made

    yield start
    for made in workers:
        made.end()
