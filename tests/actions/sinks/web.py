"""Functions and webhooks."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from tests.actions.sinks.base import Arrived, AwsSink, NetworkSink, of_lambda
from tests.servers import dialects
from tests.servers.faults import Faults

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.process import Server
    from tests.servers.tls import Tls

# One write, since several processes may keep records at once.
_KEEP = """
import json
def handle(event, context):
    with open({path!r}, "ab", buffering=0) as file:
        file.write("".join(json.dumps(record) + "\\n" for record in event["Records"]).encode())
"""


class LambdaSink(AwsSink):
    """A function that keeps its records."""

    type_name = "lambda"
    dialect = lambda: dialects.BatchResponse(403)  # noqa: E731
    oversized = (6_400_000, "more than lambda takes, 6,291,456")

    def __init__(self, server: Server, folder: Path) -> None:
        self._folder = folder
        super().__init__(server)

    def create(self) -> None:
        self._kept = self._folder / f"{self.name}.jsonl"
        (self._folder / f"{self.name}.py").write_text(_KEEP.format(path=str(self._kept)))
        self._read = 0

    def settings(self) -> dict[str, Any]:
        return {"type": "lambda", "function": self.name, "batch": {"size": 20}, "aws": self.aws}

    def read(self) -> list[Arrived]:
        found = _lines(self._kept)
        fresh, self._read = found[self._read :], len(found)
        return [of_lambda(line) for line in fresh]

    def start(self) -> None:
        self.server.start()  # what it kept is on the disk
        self.faults.open()


class WebhookSink(NetworkSink):
    type_name = "webhook"
    oversized = (1_100_000, "413 Request Entity Too Large: at most 1048576 bytes")

    def __init__(self, server: Server, folder: Path, tls: Tls) -> None:
        self._folder, self._tls = folder, tls
        upstream = server.address.replace("http:", "https:")
        faults = Faults(upstream, dialects.BatchResponse(401), tls.server_context(), tls.client_context())
        self._path = f"/{uuid.uuid4().hex}"
        super().__init__(server, faults)
        self._read = 0

    def settings(self) -> dict[str, Any]:
        return {
            "type": "webhook",
            "url": self.faults.address + self._path,
            "ca_file": str(self._tls.authority),
            "timeout": "2s",
            "secret": "whsec_c2VjcmV0",
            "batch": {"size": 20},
        }

    def requests(self) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, _lines(self._folder / "received.jsonl")) if line["path"] == self._path]

    def read(self) -> list[Arrived]:
        found = self.requests()
        fresh, self._read = found[self._read :], len(found)
        return [of_lambda(record) for request in fresh for record in json.loads(request["body"])["Records"]]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
