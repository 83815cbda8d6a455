"""Real parts: the local database, and the real command started as a process.

What a machine lacks is skipped with the reason; under CI=true a skip for such a reason is a failure.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.busy_stream.client import BusyStream
from tests.harness import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.harness import Database


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start workers of one application; whatever a test leaves running is ended, by its process id."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    workers: list[Worker] = []

    def start(*tables: str, actions: str, **properties: str) -> Worker:
        made = Worker(tmp_path, database, application, tables, actions, properties)
        workers.append(made)
        return made

    yield start
    for made in workers:
        made.end()


@pytest.fixture
def busy(database: Database, tmp_path: Path) -> Iterator[BusyStream]:
    made = BusyStream(database, tmp_path)
    yield made
    made.end()
