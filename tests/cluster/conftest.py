from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from record_processor.local.dynamodb_local import started
from tests.cluster.hosts import Network, require_namespaces
from tests.harness import Database
from tests.servers.process import free_port, require

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def network() -> Iterator[Network]:
    require_namespaces()
    made = Network(2)
    yield made
    made.end()


@pytest.fixture
def shared_database(network: Network) -> Iterator[Database]:
    """A database that every host reaches."""
    require("mvn")
    port = free_port()
    with started(port, host=network.address):
        yield Database(f"http://{network.address}:{port}")
