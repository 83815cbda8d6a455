"""What several kinds of tests share: the servers and the database, each started once.

What a machine lacks is skipped with the reason; under CI=true a skip for such a reason is a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from record_processor.local.ministack import LOOPBACK, started
from record_processor.text import redaction
from tests.harness import Database
from tests.servers.process import free_port, require
from tests.servers.started import Servers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's configuration holds is no secret in the next."""
    monkeypatch.setattr(redaction, "_values", set())
    monkeypatch.setattr(redaction, "_finder", None)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    made = Servers(tmp_path_factory.mktemp("servers"))
    yield made
    made.end()


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    # The workers that read it need one.
    require("java")
    port = free_port()
    with started(port):
        yield Database(f"http://{LOOPBACK}:{port}")
