"""The main job once, before your eyes: `scripts/demo`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from record_processor.aws.clients import LOCAL_CREDENTIALS
from record_processor.host.log_output import LogOutput
from record_processor.host.log_relay import LogRelay
from record_processor.local.ministack import LOOPBACK, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TABLE = "Phones"
_REGION = "us-west-2"
_USUAL_PORT = 8000
_PATIENCE_SECONDS = 60.0
_CHANGES = 6

Item = tuple[str, str, str]
"""Event name, company, model."""


class Demo:
    """What was written when, and what an action received when."""

    def __init__(self, root: Path, endpoint: str) -> None:
        self._root = root
        self._endpoint = endpoint
        self._written: dict[Item, float] = {}
        self._received: dict[Item, float] = {}
        self._worker: subprocess.Popen[bytes] | None = None
        self._reading = threading.Event()
        self._all_received = threading.Event()

    def run(self) -> int:
        self._say("the Phones table, with a stream of its keys")
        self._script("create_phones_table.sh", lambda _line: None)
        self._say("a worker, with properties/local.properties")
        self._start_worker()
        self._reading.wait(_PATIENCE_SECONDS)
        self._say("four phones in, then one changed and one removed")
        self._write()
        complete = self._all_received.wait(_PATIENCE_SECONDS)
        self._say("a graceful stop")
        status = self._stop_worker()
        return self._summary(complete, status)

    def _start_worker(self) -> None:
        command = [sys.executable, "-m", "record_processor", "run", "properties/local.properties"]
        overrides = [f"dynamoDBEndpoint={self._endpoint}", f"kinesisEndpoint={self._endpoint}", "logFormat=json"]
        command += [argument for override in overrides for argument in ("--set", override)]
        self._worker = subprocess.Popen(command, cwd=self._root, stderr=subprocess.PIPE)
        self._relay = LogRelay(self._observed(self._worker), "text", LogOutput())

    def _observed(self, worker: subprocess.Popen[bytes]) -> Iterator[bytes]:
        """The worker's lines, on their way to the terminal."""
        assert worker.stderr is not None  # noqa: S101 - Popen was told so
        for line in worker.stderr:
            event = json.loads(line)
            if event["event"] == "shard.started":
                self._reading.set()
            elif event["event"] == "record":
                self._note_received(event)
            # The relay takes times as the processes write them, in seconds.
            event["time"] = time.time()
            yield json.dumps(event).encode()

    def _note_received(self, event: dict[str, Any]) -> None:
        name = event["message"].split()[0]
        self._received.setdefault((name, event["keys"]["Company"], event["keys"]["Model"]), time.time())
        if len(self._received) >= _CHANGES:
            self._all_received.set()

    def _write(self) -> None:
        self._script("insert_phones.sh", self._note_written)
        access_key, secret_key = LOCAL_CREDENTIALS
        session = boto3.Session(access_key, secret_key, region_name=_REGION)
        table = session.resource("dynamodb", endpoint_url=self._endpoint).Table(_TABLE)
        table.update_item(
            Key={"Company": "Motorola", "Model": "Cool Phone"},
            UpdateExpression="SET #size = :size",
            ExpressionAttributeNames={"#size": "Size"},
            ExpressionAttributeValues={":size": 13},
        )
        self._written["MODIFY", "Motorola", "Cool Phone"] = time.time()
        table.delete_item(Key={"Company": "Motorola", "Model": "Lame Phone"})
        self._written["REMOVE", "Motorola", "Lame Phone"] = time.time()

    def _note_written(self, line: str) -> None:
        print(f"    {line}", flush=True)  # noqa: T201
        company, _, model = line.removeprefix("put ").partition(", ")
        self._written["INSERT", company, model] = time.time()

    def _script(self, name: str, take_line: Callable[[str], None]) -> None:
        environment = {**os.environ, "ENDPOINT_URL": self._endpoint}
        command = [str(self._root / "scripts" / name)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as script:
            assert script.stdout is not None  # noqa: S101 - Popen was told so
            for line in script.stdout:
                take_line(line.strip())
        if script.returncode:
            raise SystemExit(f"demo: {name} ended with status {script.returncode}")

    def _stop_worker(self) -> int:
        assert self._worker is not None  # noqa: S101 - started before
        self._worker.send_signal(signal.SIGTERM)
        status = self._worker.wait(_PATIENCE_SECONDS)
        self._relay.drain()
        return status

    def _summary(self, complete: bool, status: int) -> int:
        missing = sorted(set(self._written) - set(self._received))
        self._say(f"{len(self._received)} of {_CHANGES} changes received; the worker ended with status {status}")
        for item, received in self._received.items():
            waited = max(received - self._written.get(item, received), 0)
            print(f"    {item[0]:7} {item[1]}, {item[2]}: {waited:.2f} s from write to action")  # noqa: T201
        for item in missing:
            print(f"    {item[0]:7} {item[1]}, {item[2]}: not received")  # noqa: T201
        return 0 if complete and not missing and status == 0 else 1

    @staticmethod
    def _say(text: str) -> None:
        print(f"\n==> {text}", flush=True)  # noqa: T201


def _port() -> int:
    """The usual port of a local DynamoDB, or a free one where something has it."""
    for port in (_USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise SystemExit("demo: no port is free")


def main() -> None:
    root = Path.cwd()
    port = _port()
    print(f"==> DynamoDB on {LOOPBACK}:{port}", flush=True)  # noqa: T201
    with started(port):
        raise SystemExit(Demo(root, f"http://{LOOPBACK}:{port}").run())


if __name__ == "__main__":
    main()
