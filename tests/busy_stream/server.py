"""The stand-in as a program: `python -m tests.busy_stream.server PORT DATABASE`.

It answers for streams that were shown by a command (`{"do": "show"}`, see `Control`); everything else is passed
through.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.busy_stream.dialect import DIALECTS
from tests.busy_stream.errors import AwsError
from tests.busy_stream.faults import Faults
from tests.busy_stream.operations import Stream, token_of
from tests.busy_stream.shards import Shards
from tests.busy_stream.source import Source, Streams

if TYPE_CHECKING:
    from collections.abc import Callable

_TARGET = "DynamoDBStreams_20120810."


class Clock:
    """Real time, and what a command adds to it."""

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_seconds


class StandIn:
    """The streams that are shown, and the commands about them."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.clock = Clock()
        self.faults = Faults()
        self.calls: dict[str, int] = {}
        self._streams: dict[str, Stream] = {}
        self._lock = threading.Lock()

    def answer(self, operation: str, call: dict[str, Any]) -> dict[str, Any] | None:
        """None for what is not ours."""
        token = token_of(call) if operation == "GetRecords" and call.get("ShardIterator", "").startswith("ey") else None
        stream = self._streams.get(token["arn"] if token is not None else call.get("StreamArn", ""))
        if stream is None:
            return None
        with self._lock:
            self.calls[operation] = self.calls.get(operation, 0) + 1
        stream.require()
        self.faults.meet(operation, token["shard"] if token is not None else call.get("ShardId", ""))
        if operation == "DescribeStream":
            return stream.describe(call)
        if operation == "GetShardIterator":
            return stream.iterator(call)
        if token is not None:
            return stream.records(token, int(call.get("Limit", 1000)))
        return None

    def passed(self, target: str, call: dict[str, Any]) -> None:
        """A call to the tables is about to be passed through; raises what `Faults.meet` raises."""
        operation, table = target.rpartition(".")[2], str(call.get("TableName", ""))
        with self._lock:
            name = f"{operation} {table}"
            self.calls[name] = self.calls.get(name, 0) + 1
        lease = call.get("Key", {}).get("leaseKey", {}).get("S", "")
        self.faults.meet(operation, table, lease)

    def command(self, command: dict[str, Any]) -> Any:
        verb: Callable[[dict[str, Any]], Any] = getattr(self, f"_{command['do']}")
        return verb(command)

    def _show(self, command: dict[str, Any]) -> str:
        """Show a stream as several shards: `arn`, `shards`, in a `dialect`; return its new ARN."""
        description = Streams(self.endpoint).call("DescribeStream", {"StreamArn": command["arn"]})["StreamDescription"]
        dialect = DIALECTS[command.get("dialect", "dynamodb")]()
        stream = Stream(description, Shards(command["shards"]), self.clock, dialect)
        stream.limited = command.get("limited", True)
        self._streams[stream.arn] = stream
        Source(self.endpoint, stream).start()
        return stream.arn

    def _expire(self, command: dict[str, Any]) -> None:
        """The next deletion of the item `key` of `arn` is one by TTL."""
        stream = self._streams[command["arn"]]
        with stream.lock:
            stream.dialect.expire(command["key"])

    def _shards(self, command: dict[str, Any]) -> list[dict[str, Any]]:
        """All shards of `arn`."""
        return [shard.described() for shard in self._streams[command["arn"]].shards.all]

    def _end(self, command: dict[str, Any]) -> list[str]:
        """End a shard of `arn`, the open one of number `at`, in `into` children (1 or 2); their ids."""
        stream = self._streams[command["arn"]]
        with stream.lock:
            open_shards = stream.shards.open
            shard = open_shards[command["at"] % len(open_shards)]
            children = stream.shards.split(shard) if command["into"] == 2 else stream.shards.roll(shard)
        return [child.id for child in children]

    def _trim(self, command: dict[str, Any]) -> int:
        """Forget the records of `arn` that are there, but for the newest `keep` of each shard; how many."""
        stream, keep = self._streams[command["arn"]], command.get("keep", 0)
        with stream.lock:
            return sum(shard.trim(shard.newest_but(keep)) for shard in stream.shards.all)

    def _hide(self, command: dict[str, Any]) -> None:
        """Hide these child shards of `arn` from its list, as an inconsistent answer does; none: show all again."""
        self._streams[command["arn"]].hidden = set(command["shards"])

    def _advance(self, command: dict[str, Any]) -> None:
        self.clock.ahead_seconds += command["seconds"]

    def _fault(self, command: dict[str, Any]) -> None:
        self.faults.plan(command)

    def _mend(self, _command: dict[str, Any]) -> None:
        self.faults.forget()

    def _counted(self, _command: dict[str, Any]) -> dict[str, int]:
        return dict(self.calls)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Workers open their connections all at once.
    request_queue_size = 256


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    stand_in: StandIn
    _upstream: http.client.HTTPConnection | None = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/command":
            self._send(200, self.stand_in.command(json.loads(body)))
            return
        target = self.headers.get("X-Amz-Target", "")
        try:
            answer = self._own_answer(target, json.loads(body))
        except AwsError as error:
            self._send(error.status, error.content)
        except ConnectionAbortedError:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        else:
            if answer is None:
                self._pass_through(body)
            else:
                self._send(200, answer)

    def _own_answer(self, target: str, call: dict[str, Any]) -> dict[str, Any] | None:
        if target.startswith(_TARGET):
            return self.stand_in.answer(target.removeprefix(_TARGET), call)
        self.stand_in.passed(target, call)
        return None

    def _pass_through(self, body: bytes) -> None:
        """On its own connection: one is kept for each of the client's."""
        if self._upstream is None:
            address = urlsplit(self.stand_in.endpoint)
            self._upstream = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            self._upstream.request("POST", self.path, body, headers)
            answer = self._upstream.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            # As the database does when it goes away in the middle.
            self.close_connection = True
            return
        self._write(answer.status, content, dict(answer.getheaders()))

    def finish(self) -> None:
        super().finish()
        if self._upstream is not None:
            self._upstream.close()

    def _send(self, status: int, content: Any) -> None:
        self._write(status, json.dumps(content).encode(), {"Content-Type": "application/x-amz-json-1.0"})

    def _write(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_arguments: object) -> None:
        pass


def main() -> None:
    host, _, port = sys.argv[1].rpartition(":")
    Handler.stand_in = StandIn(sys.argv[2])
    _Server((host or "127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
