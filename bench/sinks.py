"""Records per second and CPU per record of `sqs`, `kinesis`, `webhook` and `file`: `python -m bench.sinks`.

Each is compared with what a user would otherwise write: a handler for the `python` action that does the same with the
SDK, httpx or a file. Both run under the same delivery, in their own process, against the same servers on this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from record_processor.catalog.build import build_actions
from record_processor.delivery.shard_delivery import ShardDelivery
from record_processor.records.stream import Shard
from tests.builders import STREAM, LeaseMemory, protocol_record
from tests.servers.started import Servers

_RECORDS = {"sqs": 3_000, "kinesis": 10_000, "webhook": 2_000, "file": 50_000}
_ITEMS = 500
_RUNS = 3
_BATCH = {"sqs": 10, "kinesis": 500, "webhook": 1, "file": 500}

_BY_HAND = {
    "sqs": """
import boto3, json
sqs = boto3.client("sqs", region_name="us-west-2", endpoint_url={endpoint!r})
def handle(event, context):
    entries = [
        {{"Id": str(n), "MessageBody": json.dumps(record)}} for n, record in enumerate(event["Records"])
    ]
    answer = sqs.send_message_batch(QueueUrl={name!r}, Entries=entries)
    assert not answer.get("Failed")
""",
    "kinesis": """
import boto3, json
kinesis = boto3.client("kinesis", region_name="us-west-2", endpoint_url={endpoint!r})
def handle(event, context):
    records = [
        {{"Data": json.dumps(record).encode(), "PartitionKey": json.dumps(record["dynamodb"]["Keys"])}}
        for record in event["Records"]
    ]
    assert not kinesis.put_records(StreamName={name!r}, Records=records)["FailedRecordCount"]
""",
    "webhook": """
import hashlib, hmac, httpx
import json
client = httpx.Client(verify={name!r})
def handle(event, context):
    body = json.dumps(event).encode()
    signature = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    headers = {{"content-type": "application/json", "signature": signature}}
    client.post({endpoint!r}, content=body, headers=headers).raise_for_status()
""",
    "file": """
import json, os
def handle(event, context):
    with open({name!r}, "a") as file:
        for record in event["Records"]:
            file.write(json.dumps(record) + "\\n")
        file.flush()
        os.fsync(file.fileno())
""",
}


def run_here(item: dict[str, Any], count: int, folder: Path) -> tuple[float, float]:
    """Return records per second, and microseconds of CPU per record."""
    (action,) = build_actions([item])
    delivery = ShardDelivery([action], LeaseMemory(folder / "lease").lease(), grace_seconds=1)
    delivery.open(Shard("shardId-1", STREAM))
    warm, *records = [
        protocol_record(number, Keys={"id": {"S": f"item-{number % _ITEMS}"}}, eventID=f"{os.getpid()}-{number}")
        for number in range(1, count + 2)  # a record with number 0 would not count as new
    ]
    delivery.submit([warm])  # imports, connections
    while delivery.low_water() is None:
        time.sleep(0.01)
    cpu, begun = time.process_time(), time.perf_counter()
    for start in range(0, count, 1000):
        delivery.submit(records[start : start + 1000])
    delivery.finish()
    delivery.make_durable()
    wall = time.perf_counter() - begun
    return count / wall, (time.process_time() - cpu) / count * 1e6


def _items(servers: Servers, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the actions' settings, after creating their sinks."""
    from tests.actions.sinks.aws import KinesisSink, SqsSink

    sqs, kinesis = SqsSink(servers.get("elasticmq")), KinesisSink(servers.get("ministack"))
    receiver = servers.get("receiver").address.replace("http:", "https:") + "/bench"
    for faults in (sqs.faults, kinesis.faults):
        faults.end()  # no proxy in between
    return {
        "sqs": {**sqs.settings(), "aws": {"endpoint": sqs.server.address}},
        "kinesis": {**kinesis.settings(), "aws": {"endpoint": kinesis.server.address}},
        "webhook": {"type": "webhook", "url": receiver, "ca_file": str(servers.tls.authority), "secret": "secret"},
        "file": {"type": "file", "path": str(folder / "ours.jsonl")},
    }


def _by_hand(name: str, item: dict[str, Any], folder: Path) -> dict[str, Any]:
    endpoint = item["aws"]["endpoint"] if "aws" in item else item.get("url")
    target = item.get("queue_url") or item.get("stream") or item.get("ca_file") or str(folder / "by_hand.jsonl")
    (folder / f"by_hand_{name}.py").write_text(_BY_HAND[name].format(endpoint=endpoint, name=target))
    return {"type": "python", "handler": f"by_hand_{name}:handle", "batch": {"size": _BATCH[name]}}


def _measured(item: dict[str, Any], count: int, folder: Path) -> tuple[float, float]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(Path.cwd())]),
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local-secret-key",
    }
    command = [sys.executable, "-m", "bench.sinks", json.dumps({"name": "it", **item}), str(count), str(folder)]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    rate, cpu = json.loads(answer.stdout)
    return float(rate), float(cpu)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        servers = Servers(folder)
        try:
            print(f"{'':10}{'records/s':>12}{'by hand':>12}{'ratio':>8}{'µs CPU':>12}{'by hand':>12}{'ratio':>8}")
            for name, item in _items(servers, folder).items():
                _compare(name, item, _by_hand(name, item, folder), folder)
        finally:
            servers.end()


def _compare(name: str, item: dict[str, Any], by_hand: dict[str, Any], folder: Path) -> None:
    ours, theirs = [], []
    for _ in range(_RUNS):  # in turn, so that both run under the same conditions
        ours.append(_measured(item, _RECORDS[name], folder))
        theirs.append(_measured(by_hand, _RECORDS[name], folder))
    rates = [_median([one[0] for one in runs]) for runs in (ours, theirs)]
    costs = [_median([one[1] for one in runs]) for runs in (ours, theirs)]
    print(
        f"{name:10}{rates[0]:12,.0f}{rates[1]:12,.0f}{rates[0] / rates[1]:8.2f}"
        f"{costs[0]:12.1f}{costs[1]:12.1f}{costs[0] / costs[1]:8.2f}"
    )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(run_here(json.loads(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))))
    else:
        main()
