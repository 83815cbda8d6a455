from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from record_processor.local.ministack import started
from tests.cluster.cluster import Cluster
from tests.cluster.hosts import Network, require_namespaces
from tests.cluster.writer import Writer
from tests.harness import Database
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def network() -> Iterator[Network]:
    require_namespaces()
    made = Network(2)
    yield made
    made.end()


@pytest.fixture
def shared_database(network: Network) -> Iterator[Database]:
    """A database that every host reaches."""
    port = free_port()
    with started(port, host=network.address):
        yield Database(f"http://{network.address}:{port}")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., tuple[Cluster, Writer]]]:
    """Makes a cluster that reads all its shards, with a writer at work on many items."""
    require_namespaces()
    with contextlib.ExitStack() as block:

        def made(
            hosts: int, shards: int, writes_per_second: float, *, clocks: bool = False, **properties: str
        ) -> tuple[Cluster, Writer]:
            cluster = Cluster(tmp_path, hosts, shards, **properties)
            block.callback(cluster.end)
            if clocks:
                cluster.give_clocks()
            cluster.start()
            items = [f"item-{number:04}" for number in range(20 * shards)]
            writer = Writer(cluster.database.endpoint, cluster.table, items, writes_per_second)
            writer.start()
            return cluster, writer

        yield made
