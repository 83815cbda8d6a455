"""The stand-in from the tests' side: a process, and its commands."""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.process import LOOPBACK, Server, free_port

if TYPE_CHECKING:
    from tests.harness import Database

_ROOT = Path(__file__).parents[2]


class BusyStream:
    """Started, in front of a database, with nothing shown yet."""

    def __init__(self, database: Database, folder: Path, host: str = LOOPBACK, name: str = "busy-stream") -> None:
        self._database = database
        port = free_port()
        command = [sys.executable, "-m", "tests.busy_stream.server", f"{host}:{port}", database.endpoint]
        self.server = Server(name, port, command, folder, {"PYTHONPATH": str(_ROOT)}, host)
        self.endpoint = self.server.address

    def show(self, table: str, shards: int, **more: Any) -> str:
        """Show a table's stream as this many shards; return its ARN."""
        description = self._database.client.describe_table(TableName=table)["Table"]
        arn: str = self.command("show", arn=description["LatestStreamArn"], shards=shards, **more)
        return arn

    def command(self, do: str, **arguments: Any) -> Any:
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=30)
        connection.request("POST", "/command", json.dumps({"do": do, **arguments}))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def end(self) -> None:
        self.server.stop()
