"""`tracing = otel` of real workers: several shard processes send their spans, and a bad collector holds nobody up."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.shop import TO_SHOP
from tests.harness import Database, Worker, wait_for
from tests.servers.collector import Collector, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]

OURS = "record_processor."
# Its own span is a child of the call's.
CHARGES = """
from opentelemetry import trace
tracer = trace.get_tracer("shop")
def handle(event, context):
    with tracer.start_as_current_span("charge"):
        pass
"""
DOES_NOTHING = "def handle(event, context):\n    pass\n"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    for name, value in {**made.environment, "OTEL_BSP_SCHEDULE_DELAY": "100"}.items():
        monkeypatch.setenv(name, value)
    yield made
    made.end()


def of_shard(span: Span) -> str:
    return str(span.attributes[f"{OURS}shard"])


def test_every_shard_process_sends_its_spans_and_so_does_the_one_after_a_kill(
    database: Database, worker: StartWorker, busy: BusyStream, collector: Collector, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(CHARGES)
    table = database.table()
    busy.show(table, 2)
    running = worker(table, actions=TO_SHOP, kinesisEndpoint=busy.endpoint, tracing="otel")
    running.wait_for_event("shard.started", 2)
    database.put_many(table, [f"{number:02}" for number in range(40)])
    calls = collector.wait_for(40, f"process {table}")
    assert {span.resource["process.pid"] for span in calls} == set(running.children())
    assert {span.resource["service.name"] for span in calls} == {running.application}
    assert len({of_shard(span) for span in calls}) == 2
    assert [span.attributes[f"{OURS}outcome"] for span in calls] == ["done"] * 40
    wait_for(lambda: len(collector.spans("charge")) == 40, "the handler's own spans")
    assert {span.parent_id for span in collector.spans("charge")} == {span.span_id for span in calls}

    killed = running.children()[0]
    os.kill(killed, signal.SIGKILL)
    running.wait_for_event("shard.started", 3)
    database.put_many(table, [f"{number:02}" for number in range(40, 80)])
    wait_for(
        lambda: len({span.resource["process.pid"] for span in collector.spans("process")}) == 3,
        "spans of the process that followed",
    )
    wait_for(lambda: len(collector.spans("process")) >= 80, "the spans of all records")
    assert running.stop() == 0
    assert [event for event in running.events if event["event"].startswith("tracing.")] == []


def test_a_collector_that_hangs_keeps_nothing_from_being_delivered_nor_a_worker_from_stopping(
    database: Database, worker: StartWorker, busy: BusyStream, collector: Collector, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(DOES_NOTHING)
    table = database.table()
    busy.show(table, 2)
    collector.hang()
    running = worker(table, actions=TO_SHOP, kinesisEndpoint=busy.endpoint, tracing="otel")
    running.wait_for_event("shard.started", 2)
    database.put_many(table, [f"{number:02}" for number in range(40)])

    wait_for(lambda: collector.requests, "the collector is asked")
    wait_for(
        lambda: all(lease["checkpoint"]["S"].isdigit() for lease in database.leases(running.application)),
        "both shards' progress is saved",
    )
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 20
    assert sum(event["delivered"] for event in running.of("delivery.counts")) >= 40
    lost = running.of("tracing.lost")
    assert sum(event["spans"] for event in lost) == 40
    assert len(lost) == 2  # one a process
