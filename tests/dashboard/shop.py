"""A shop's worker with all that the dashboard shows: a load, a filter, failures, a blocked record, dead letters."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
from typing import TYPE_CHECKING

from tests.busy_stream.client import BusyStream
from tests.dashboard.grafana import RULES
from tests.harness import Worker, wait_for
from tests.servers.process import free_port
from tests.servers.prometheus import Prometheus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.harness import Database

_DOWN = "the-bank-is-down"
_ACTIONS = """
actions:
  - name: audit
    type: file
    path: audit.jsonl
  - name: charge
    type: python
    handler: shop:charge
    filter: {dynamodb: {NewImage: {Kind: {S: [{anything-but: [draft]}]}}}}
  - name: mail
    type: python
    handler: shop:mail
    filter: {dynamodb: {NewImage: {Kind: {S: [paid, nowhere]}}}}
    retry: {max_attempts: 1}
    dead_letter: {type: file, path: letters.jsonl}
"""
_HANDLERS = f"""
import pathlib, random, time
seen = set()
def kinds(event):
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        yield image["id"]["S"], image["Kind"]["S"]
def charge(event, context):
    time.sleep(random.uniform(0.002, 0.012))
    for item_id, kind in kinds(event):
        if kind == "blocked" and pathlib.Path({_DOWN!r}).exists():
            raise RuntimeError("the bank is down")
        if kind == "flaky" and item_id not in seen:
            seen.add(item_id)
            raise RuntimeError("the bank is busy")
def mail(event, context):
    time.sleep(random.uniform(0.001, 0.004))
    if any(kind == "nowhere" for _, kind in kinds(event)):
        raise ValueError("no such address")
"""


class Shop:
    """The worker, the Prometheus that scrapes it, and what can happen to them."""

    def __init__(self, database: Database, tables: Sequence[str], worker: Worker, prometheus: Prometheus) -> None:
        self.worker = worker
        self.prometheus = prometheus
        self._database = database
        self._tables = tables
        self._numbers = itertools.count()

    def write(self, kind: str = "paid") -> None:
        number = next(self._numbers)
        lines = {"S": "a line of an order " * 20}
        self._database.put(self._tables[number % len(self._tables)], f"{kind}-{number}", Kind={"S": kind}, Lines=lines)

    def block(self) -> None:
        """From now on nobody can charge what is to be blocked; one such record comes."""
        (self.worker.folder / _DOWN).touch()
        self.write("blocked")

    def free(self) -> None:
        (self.worker.folder / _DOWN).unlink()

    def kill_a_shard_process(self) -> None:
        os.kill(self.worker.children()[0], signal.SIGKILL)

    def given_up(self) -> int:
        return len(self.worker.lines("letters.jsonl"))


@contextlib.contextmanager
def opened(
    database: Database, folder: Path, application: str, tables: Sequence[str], scrape_seconds: int
) -> Iterator[Shop]:
    """Yield it as soon as all shards are read and a first scrape has been made."""
    (folder / "shop.py").write_text(_HANDLERS)
    busy = BusyStream(database, folder)
    for table in tables:
        busy.show(table, 2)
    port = free_port()
    properties = {"kinesisEndpoint": busy.endpoint, "metricsPort": str(port), "idleTimeBetweenReadsInMillis": "500"}
    worker = Worker(folder, database, application, tuple(tables), _ACTIONS, properties)
    ends = contextlib.ExitStack()
    ends.callback(busy.end)
    ends.callback(worker.end)
    with ends:
        worker.wait_for_event("metrics.ready")
        prometheus = Prometheus(folder, {application: port}, RULES, scrape_seconds)
        ends.callback(prometheus.end)
        worker.wait_for_event("shard.started", 2 * len(tables))
        shop = Shop(database, tables, worker, prometheus)
        wait_for(lambda: is_scraped(shop), "Prometheus has scraped the worker")
        yield shop


def is_scraped(shop: Shop) -> bool:
    return bool(shop.prometheus.label_values("record_processor_info", "job"))
