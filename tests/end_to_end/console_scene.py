"""An application with all that the console shows: a split shard, a blocked action, dead letters, hostile texts."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any

from tests.busy_stream.client import BusyStream
from tests.harness import COMMAND, Worker, wait_for
from tests.servers.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness import Database

# The pictures of the documentation show an ordinary text.
IS_FOR_PICTURES = "CONSOLE_IMAGES" in os.environ
HOSTILE = (
    "(code 51)"
    if IS_FOR_PICTURES
    else "<img src=x onerror=\"document.title='hacked'\"><script>window.hacked = 1</script>"
)
SECRET = "4111-1111-1111-1111"
ACTIONS = """
actions:
  - name: audit
    type: file
    path: audit.jsonl
  - name: charge
    type: python
    handler: shop:charge
  - name: mail
    type: python
    handler: shop:mail
    retry: {max_attempts: 1}
    dead_letter: {type: file, path: letters.jsonl}
"""
HANDLERS = f"""
HOSTILE = {HOSTILE!r}
def ids(event):
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
def charge(event, context):
    if any(one.startswith("blocked") for one in ids(event)):
        raise RuntimeError("the card is declined " + HOSTILE)
def mail(event, context):
    if any(one.startswith("dead") for one in ids(event)):
        raise ValueError("no such address " + HOSTILE)
"""

# As often as by default: there is room for other readers.
PROPERTIES = {"idleTimeBetweenReadsInMillis": "1000"}


class Console:
    """`record-processor console`, answering."""

    def __init__(self, worker: Worker, *arguments: str) -> None:
        self.port = free_port()
        self.address = f"http://{LOOPBACK}:{self.port}"
        self.process = subprocess.Popen(
            [*COMMAND, "console", str(worker.properties_path), "--port", str(self.port), *arguments],
            cwd=worker.folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(lambda: self.process.poll() is not None or self._listens(), "the console answers")
        assert self.process.poll() is None, self.said

    @property
    def said(self) -> str:
        """What it has printed."""
        return "".join(self._lines)

    def with_token(self) -> str:
        """Return the address that it has printed, in whose fragment the token is."""
        found = wait_for(lambda: re.search(r"http://[\w.:]+/#token=[\w-]+", self.said), "it is printed")
        assert found is not None
        return found[0]

    def ask(self, path: str) -> Any:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=30)
        connection.request("GET", path, headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.getheader("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return json.loads(content)

    def state(self) -> Any:
        return self.ask("/api/state")["application"]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        status = self.process.wait(20)
        self._reader.join(5)
        return status

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self._lines += lines

    def _listens(self) -> bool:
        try:
            return bool(self.state())
        except (OSError, http.client.HTTPException):
            return False


class Scene:
    """The application, and what it was made of."""

    def __init__(self, database: Database, busy: BusyStream, worker: Worker, table: str, arn: str) -> None:
        self.database = database
        self.busy = busy
        self.worker = worker
        self.table = table
        self.arn = arn

    def write(self, item_id: str) -> None:
        self.database.put(self.table, item_id, Card={"S": SECRET}, Name={"S": HOSTILE}, Sum={"N": "12"})


@contextlib.contextmanager
def made(database: Database, folder: Path) -> Iterator[Scene]:
    """Yield it as soon as everything has happened."""
    (folder / "shop.py").write_text(HANDLERS)
    table = database.table(name="Orders") if IS_FOR_PICTURES else database.table()
    busy = BusyStream(database, folder)
    application = "orders-worker" if IS_FOR_PICTURES else f"app-{table}"
    arn = busy.show(table, 2)
    worker = Worker(folder, database, application, (table,), ACTIONS, PROPERTIES | {"kinesisEndpoint": busy.endpoint})
    try:
        scene = Scene(database, busy, worker, table, arn)
        worker.wait_for_event("shard.started", 2)
        for number in range(8):
            scene.write(f"order-{number}")
        worker.wait_for_lines("audit.jsonl", 8)
        busy.command("end", arn=arn, at=0, into=2)
        wait_for(lambda: len(worker.of("shard.started")) >= 4, "the children are read")
        for name in ("dead-1", "dead-2", "blocked-1"):
            scene.write(name)
        worker.wait_for_event("delivery.blocked")
        wait_for(lambda: len(worker.lines("letters.jsonl")) == 2, "both are given up")
        yield scene
    finally:
        worker.end()
        busy.end()
