"""What a span per call costs: `python -m bench.tracing [RECORDS]`.

The real process of a shard gets records for a handler that does nothing, one by one and in batches of 100: without
tracing, traced and sampled in several ways, and with a collector that hangs. Every round has each way once, so that
whatever else this machine does affects all of them. The collector is a process of its own, which only reads. CPU time
is that of the shard process, after its start.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from bench import cpu
from record_processor.system import shard_environment
from tests.harness import wait_for
from tests.servers.process import LOOPBACK, free_port
from tests.shard_process import ShardProcess, python_action

RECORDS = 20_000
ROUNDS = 5
_MESSAGE = 500
_NOTHING = "def handle(event, context):\n    pass\n"
_ON = {shard_environment.TRACING: "bench"}
_HUNDREDS = {"batch": {"size": 100, "window": "10ms"}}


class Way(NamedTuple):
    name: str
    environment: dict[str, str]
    settings: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it
    hangs: bool = False


WAYS = (
    Way("off", {}),
    Way("on, every call", _ON),
    Way("on, one call in a hundred", {**_ON, "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}),
    Way("on, no call", {**_ON, "OTEL_TRACES_SAMPLER": "always_off"}),
    Way("on, every call, the collector hangs", _ON, hangs=True),
    Way("off, in 100s", {}, _HUNDREDS),
    Way("on, every call, in 100s", _ON, _HUNDREDS),
)


class Figures(NamedTuple):
    cpu_micros: float
    """Per record."""
    rate: float
    """Records per second."""
    megabytes: float


def collect(port: int, hangs: bool) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            if hangs:
                time.sleep(3600)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    ThreadingHTTPServer((LOOPBACK, port), Handler).serve_forever()


def measured(way: Way, records: int, ports: dict[bool, int]) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:{ports[way.hangs]}"}
        action = python_action(Path(folder), _NOTHING, **way.settings)
        shard = ShardProcess(Path(folder), [action], env={**endpoint, **way.environment}).initialize()
        try:
            shard.records(1)
            shard.wait_for_checkpoint(1)
            pid, began = shard.process.pid, time.monotonic()
            before = cpu.seconds([pid])
            for number in range(2, records + 2, _MESSAGE):
                shard.records(*range(number, number + _MESSAGE))
            shard.wait_for_checkpoint(records + 1)
            seconds = time.monotonic() - began
            memory = cpu.proportional_megabytes(pid)
            # What is still to be sent is a part of the cost.
            shard.say({"action": "leaseLost"})
            wait_for(lambda: any(one.get("responseFor") == "leaseLost" for one in shard.said), "the spans are sent")
            return Figures((cpu.seconds([pid]) - before) / records * 1e6, records / seconds, memory)
        finally:
            shard.kill()


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    ports = {hangs: free_port() for hangs in (False, True)}
    collectors = [multiprocessing.Process(target=collect, args=(port, hangs)) for hangs, port in ports.items()]
    for collector in collectors:
        collector.start()
    try:
        rounds = [[measured(way, records, ports) for way in WAYS] for _ in range(ROUNDS)]
    finally:
        for collector in collectors:
            collector.kill()
    print(f"the middle of {ROUNDS} rounds of {records} records; ratios to 'off' of the same form, in the same round")
    for place, way in enumerate(WAYS):
        other = next(at for at, one in enumerate(WAYS) if not one.environment and one.settings == way.settings)
        found = [figures[place] for figures in rounds]
        ratios = [figures[place].rate / figures[other].rate for figures in rounds]
        micros = statistics.median(one.cpu_micros for one in found)
        more = statistics.median(figures[place].cpu_micros - figures[other].cpu_micros for figures in rounds)
        print(
            f"{way.name:38} {micros:7.1f} µs of CPU time per record (+{more:.1f})   "
            f"{statistics.median(one.rate for one in found):8,.0f} records/s ({statistics.median(ratios):.2f})   "
            f"{statistics.median(one.megabytes for one in found):.1f} MB"
        )


if __name__ == "__main__":
    main()
