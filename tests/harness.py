"""The two ends of an end-to-end test: tables to write to, and workers to watch."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import boto3

from tests.event_log import EventLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")

REGION = "us-west-2"
PATIENCE_SECONDS = 120.0
COMMAND = [sys.executable, "-m", "record_processor"]


def wait_for(condition: Callable[[], T], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Return the first true result of a condition; fail by name if it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} s for: {what}")


class Database:
    """The local database, with new table names for each test."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
        self.client: DynamoDBClient = session.client("dynamodb", endpoint_url=endpoint)

    def table(self, view_type: str | None = "NEW_AND_OLD_IMAGES", name: str | None = None) -> str:
        name = name or f"T-{uuid.uuid4().hex[:8]}"
        stream: Any = {"StreamEnabled": True, "StreamViewType": view_type} if view_type else {"StreamEnabled": False}
        self.client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            StreamSpecification=stream,
        )
        return name

    def put(self, table: str, item_id: str, **attributes: Any) -> None:
        self.client.put_item(TableName=table, Item={"id": {"S": item_id}, **attributes})

    def put_many(self, table: str, ids: Iterable[str]) -> None:
        for item_id in ids:
            self.put(table, item_id)

    def delete(self, table: str, item_id: str) -> None:
        self.client.delete_item(TableName=table, Key={"id": {"S": item_id}})

    def leases(self, application: str) -> list[dict[str, Any]]:
        """The lease table's items; none before it is there."""
        try:
            items: list[dict[str, Any]] = self.client.scan(TableName=application, ConsistentRead=True)["Items"]
        except self.client.exceptions.ResourceNotFoundException:
            return []
        return items

    def leader(self, application: str) -> str:
        """Return the id of the worker that holds KCL's lock; empty if nobody does, or its table does not exist yet."""
        table, key = f"{application}-CoordinatorState", {"key": {"S": "Leader"}}
        try:
            answer = self.client.get_item(TableName=table, Key=key, ConsistentRead=True)
        except self.client.exceptions.ResourceNotFoundException:
            return ""
        return answer["Item"]["ownerName"]["S"] if "Item" in answer else ""

    def has_metrics(self, application: str, worker_id: str) -> bool:
        """Whether a worker has said that it lives, and so gets leases."""
        answer = self.client.get_item(TableName=f"{application}-WorkerMetricStats", Key={"wid": {"S": worker_id}})
        return "Item" in answer


class Worker:
    """`record-processor run`, in its own folder, with its log read as it arrives."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        application: str,
        tables: tuple[str, ...],
        actions: str,
        properties: dict[str, str],
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.application = application
        (folder / "actions.yaml").write_text(actions)
        self.properties_path = folder / f"{uuid.uuid4().hex[:8]}.properties"
        self.properties_path.write_text(self._properties(database, tables, properties))
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [*prefix, *COMMAND, "run", str(self.properties_path), *arguments],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._log = EventLog(self.process.stderr)
        self.events, self.raw, self.of = self._log.events, self._log.raw, self._log.of

    def _properties(self, database: Database, tables: tuple[str, ...], more: dict[str, str]) -> str:
        values = {
            "applicationName": self.application,
            "streamName": ",".join(tables),
            "regionName": REGION,
            "dynamoDBEndpoint": database.endpoint,
            "kinesisEndpoint": database.endpoint,
            "AwsCredentialsProvider": "LocalCredentialsProvider",
            "logFormat": "json",
            "idleTimeBetweenReadsInMillis": "200",
            "checkpointIntervalMillis": "500",
            "failoverTimeMillis": "3000",
            # Less work for a JVM that lives for seconds; the catalogue's worker has the default.
            "jvmOptions": "-Xmx256m -XX:TieredStopAtLevel=1",
            **more,
        }
        return "".join(f"{name} = {value}\n" for name, value in values.items())

    def wait_for_event(self, event: str, count: int = 1, seconds: float = PATIENCE_SECONDS) -> list[dict[str, Any]]:
        wait_for(lambda: len(self.of(event)) >= count or self.process.poll() is not None, f"{count} x {event}", seconds)
        found = self.of(event)
        assert len(found) >= count, "".join(self.raw)
        return found

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The records that a `file` action wrote."""
        path = self.folder / name
        text = path.read_text() if path.exists() else ""
        # Not splitlines: an item may hold a Unicode line separator. A line without its end is being written.
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def wait_for_lines(self, name: str, count: int) -> list[dict[str, Any]]:
        wait_for(lambda: len(self.lines(name)) >= count, f"{count} lines in {name}\n" + "".join(self.raw[-20:]))
        return self.lines(name)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, seconds: float = 40) -> int:
        """SIGTERM, and the exit status."""
        self.signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        self._log.join()
        return status

    def family(self) -> list[int]:
        """The process ids of the JVM and its children."""
        return descendants(self.process.pid)

    def children(self) -> list[int]:
        return [pid for pid in self.family() if is_shard_process(command_line(pid))]

    def jvm(self) -> int:
        (pid,) = [pid for pid in self.family() if "StreamsDaemon" in command_line(pid)]
        return pid

    def end(self) -> None:
        for pid in [self.process.pid, *self.family()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *descendants(child)]
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def is_shard_process(command: str) -> bool:
    return "record_processor.shard" in command and "--forker" not in command


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def run_command(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real command to its end, with no AWS configuration but what is given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**clean, **nowhere, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
