"""Python CPU per record, without a network: `python -m bench.dispatch`.

The bytes that our Java side writes are read by our protocol, decoded, filtered, queued and given to an action that does
nothing. Compared in the same run with stock kclpy and the bytes that KCL writes: json for the message, json for the
record, a filter by hand.
"""

from __future__ import annotations

import base64
import io
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amazon_kclpy import kcl

from record_processor.delivery.shard_delivery import ShardDelivery
from record_processor.filters.record_filter import RecordFilter
from record_processor.plugin.action import Action
from record_processor.plugin.settings import ActionSettings, Batch
from record_processor.records.change_record import ChangeRecord, decode
from record_processor.records.raw_record import RawRecord
from record_processor.records.stream import Shard
from record_processor.shard.multilang import channel_of
from tests.builders import STREAM, LeaseMemory, adapter_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BATCH = 1000
BATCHES = 40
RECORDS = BATCH * BATCHES
PATTERN = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"Company": {"S": [{"prefix": "Mot"}]}}}}
ROUNDS = 10
ALLOWED_SINGLE = 0.7
ALLOWED_BATCHED = 0.6
"""The most CPU that a record may cost, as a fraction of stock kclpy's, in the middle of the rounds."""
WANTED_SPEEDUP = 60.0


class Nothing(Action[ActionSettings]):
    settings_type = ActionSettings

    def __init__(self, seconds: float = 0.0, **settings: Any) -> None:
        super().__init__(ActionSettings(name="nothing", type="nothing", **settings))
        self._seconds = seconds

    def deliver(self, _records: Sequence[ChangeRecord]) -> None:
        if self._seconds:
            time.sleep(self._seconds)


def records(start: int) -> list[tuple[str, dict[str, Any]]]:
    """Return sequence numbers and records of about 300 bytes."""
    made = []
    for number in range(start, start + BATCH):
        image = {"Company": {"S": "Motorola"}, "Model": {"S": f"Phone {number}"}, "Size": {"N": "12"}}
        keys = {"Company": {"S": "Motorola"}, "Model": {"S": f"Phone {number}"}}
        record = adapter_json(SequenceNumber=f"{number:021}", Keys=keys, NewImage=image, OldImage={})
        made.append((f"{number:021}", record))
    return made


def message(start: int) -> bytes:
    """Return one processRecords line as our Java side writes it."""
    return line({"action": "processRecords", "millisBehindLatest": 0, "jsonRecords": records(start)})


def stock_message(start: int) -> bytes:
    """Return the same as KCL writes it."""
    told = []
    for number, record in records(start):
        data = json.dumps(record, separators=(",", ":")).encode()
        told.append(
            {"action": "record", "data": base64.b64encode(data).decode(), "partitionKey": "k",
             "sequenceNumber": number, "subSequenceNumber": 0, "approximateArrivalTimestamp": 1}
        )  # fmt: skip
    return line({"action": "processRecords", "records": told, "millisBehindLatest": 0})


def line(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def cpu_micros(work: Callable[[], object]) -> float:
    """Return the CPU time per record, of all threads of this process."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) / RECORDS * 1e6


def channel(line: bytes) -> Any:
    process = kcl.KCLProcess(type("P", (), {"version": 3})(), io.BytesIO(), io.StringIO(), io.StringIO())
    channel_of(process, io.BytesIO(line), io.StringIO())
    return process.io_handler


def raw_decode(lines: list[bytes]) -> None:
    reader = channel(b"")
    for line in lines:
        for record in reader.load_action(line).records:
            decode(record.binary_data, STREAM, record.sequence_number)


def delivery(memory: LeaseMemory, action: Nothing) -> ShardDelivery:
    made = ShardDelivery([action], memory.lease(), grace_seconds=1)
    made.open(Shard("shardId-1", STREAM))
    return made


def dispatch(lines: list[bytes], memory: LeaseMemory, **settings: Any) -> None:
    reader = channel(b"")
    made = delivery(memory, Nothing(filter=PATTERN, **settings))
    for line in lines:
        made.submit(reader.load_action(line).records)
    made.finish()
    made.close()


def stock(lines: list[bytes]) -> None:
    handler = kcl._IOHandler(io.StringIO(), io.StringIO(), io.StringIO())
    for line in lines:
        for record in handler.load_action(line.decode()).records:
            change = json.loads(record.binary_data)
            image = change["dynamodb"].get("NewImage", {})
            if change["eventName"] in ("INSERT", "MODIFY") and image.get("Company", {}).get("S", "").startswith("Mot"):
                pass


def match_only(line: bytes) -> float:
    wanted = RecordFilter(PATTERN)
    (first, *_) = channel(b"").load_action(line).records
    event = decode(first.binary_data, STREAM, first.sequence_number).to_lambda()
    plain = wanted._filter
    count = 200_000
    begun = time.process_time()
    for _ in range(count):
        plain.matches(event)
    return (time.process_time() - begun) / count * 1e6


def speedup(memory: LeaseMemory) -> float:
    """Return how much sooner 64 concurrent calls finish with an action that takes 20 ms, on distinct items."""

    def seconds(count: int, concurrency: int) -> float:
        made = delivery(memory, Nothing(0.02, concurrency=concurrency))
        records = []
        for number in range(count):
            keys = {"id": {"N": str(number)}}
            data = json.dumps(adapter_json(SequenceNumber=str(number), Keys=keys)).encode()
            records.append(RawRecord(data, str(number)))
        begun = time.monotonic()
        made.submit(records)
        made.finish()
        made.close()
        return (time.monotonic() - begun) / count

    return seconds(100, 1) / seconds(6400, 64)


def row(name: str, micros: Sequence[float], stock: Sequence[float]) -> float:
    """Print one way's figures; return its median fraction of stock kclpy's CPU over the rounds."""
    ratios = [one / other for one, other in zip(micros, stock, strict=True)]
    middle = statistics.median(ratios)
    print(
        f"{name:36} {statistics.median(micros):6.2f} µs per record   {middle:.2f} of stock kclpy "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )
    return middle


def main() -> None:
    lines = [message(number * BATCH) for number in range(BATCHES)]
    stock_lines = [stock_message(number * BATCH) for number in range(BATCHES)]
    with tempfile.TemporaryDirectory() as folder:
        memory = LeaseMemory(Path(folder) / "lease")
        ways: dict[str, Callable[[], object]] = {
            "stock kclpy with json, same filter": lambda: stock(stock_lines),
            "decode alone": lambda: raw_decode(lines),
            "decode, filter, dispatch one by one": lambda: dispatch(lines, memory),
            "decode, filter, dispatch in 100s": lambda: dispatch(lines, memory, batch=Batch(size=100)),
        }
        # Every round has each way once, so that whatever else this machine does affects all of them.
        rounds = [[cpu_micros(work) for work in ways.values()] for _ in range(ROUNDS)]
        faster = speedup(memory)
    print(f"CPU in the middle of {ROUNDS} rounds of {RECORDS} records")
    stock_micros = [figures[0] for figures in rounds]
    _, _, single, batched = [
        row(name, [figures[place] for figures in rounds], stock_micros) for place, name in enumerate(ways)
    ]
    print(f"{'a match of the filter alone':36} {match_only(lines[0]):6.2f} µs")
    print(f"20 ms action, concurrency 64: {faster:.1f} times as fast as one by one (wanted {WANTED_SPEEDUP})")
    print(f"allowed: {ALLOWED_SINGLE} one by one, {ALLOWED_BATCHED} in 100s")
    sys.exit(single > ALLOWED_SINGLE or batched > ALLOWED_BATCHED or faster < WANTED_SPEEDUP)


if __name__ == "__main__":
    main()
