"""ministack as a local database is to be: a program, started with the Python of its own environment.

    python -I ministack_server.py --host 127.0.0.1 --port 8000 --services dynamodb,dynamodbstreams [--data FOLDER]

By itself ministack listens on every address, and lets any web page in a browser of this machine create tables, run
code and reset all. Here it listens on one address, knows the services that were asked for, and a door in front refuses
what only browsers and administrators send. It ends when its standard input does, and so with the process that started
it. Nothing of record_processor can be imported here.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import zlib
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping
    from types import ModuleType

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

# What is not signed has no region; AWS's command-line tools take this one too.
_REGION = "us-east-1"
_TARGETS = {"dynamodb": b"DynamoDB_20120810.", "dynamodbstreams": b"DynamoDBStreams_20120810."}
# Sent by browsers alone; a page cannot leave them out. Not even `GET` of an image comes without the second.
_OF_BROWSERS = (b"origin", b"sec-fetch-site")
_KEEP_ALIVE_SECONDS = 75.0
_STOPS = (signal.SIGTERM, signal.SIGINT)
_FORMAT = 1
_STATE = "database.json"
# Of a page of ListStreams.
_MOST_STREAMS = 100
# Of ministack's module, which forgets them when it ends: the records of streams, how many are trimmed, closed streams.
_STREAMS = ("_stream_records", "_stream_trimmed", "_closed_streams")


class Door:
    """What is ministack's to answer goes through; all else is refused before ministack sees it."""

    def __init__(self, application: Application, services: list[str]) -> None:
        self._application = application
        known = tuple(_TARGETS[service] for service in services if service in _TARGETS)
        # Where there is more than the database, requests have too many shapes to tell them by.
        self._targets = known if len(known) == len(services) else None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http" and (reason := self._reason_against(scope)) is not None:
            await _refuse(send, reason)
        else:
            await self._application(scope, receive, send)

    def _reason_against(self, scope: Message) -> str | None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        for name in _OF_BROWSERS:
            if name in headers:
                return f"a request with the header {name.decode()} comes from a web page, which has no business here"
        if scope["path"].lstrip("/").startswith("_"):
            return f"{scope['path']} is for administrators of ministack, and closed here"
        if self._targets is not None and not headers.get(b"x-amz-target", b"").startswith(self._targets):
            return "this server has DynamoDB and DynamoDB Streams, called by an SDK of AWS or by its command line"
        return None


async def _refuse(send: Send, reason: str) -> None:
    body = json.dumps({"__type": "AccessDeniedException", "message": reason}).encode()
    headers = [(b"content-type", b"application/x-amz-json-1.0"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Numbers:
    """Sequence numbers of streams: 21 digits as AWS has at least, and growing, even where the clock is set back."""

    def __init__(self) -> None:
        self.last = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        with self._lock:
            self.last = max(time.time_ns() // 1000 * 1000, self.last + 1)
            return f"{self.last:021d}"


class Kept:
    """Tables and streams in a folder: read at the start, written when all connections are closed."""

    def __init__(self, folder: Path, dynamodb: ModuleType, numbers: Numbers) -> None:
        self._path = folder / _STATE
        self._dynamodb, self._numbers = dynamodb, numbers
        self._persistence = importlib.import_module("ministack.core.persistence")

    def read(self) -> None:
        """Take in what was written; nothing where there is no file yet."""
        if not self._path.exists():
            return
        try:
            state = json.loads(self._path.read_bytes(), object_hook=self._persistence._json_object_hook)
            if state["format"] != _FORMAT:
                raise ValueError(f"its format is {state['format']}, not {_FORMAT}")
            self._dynamodb.load_persisted_state(state["tables"])
            for name in _STREAMS:
                getattr(self._dynamodb, name).update(state["streams"][name])
            self._numbers.last = state["last_sequence_number"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            # To begin without it would end in writing over it.
            sys.exit(f"{self._path} cannot be read ({error!r}); move it away to start with an empty one")

    def write(self) -> None:
        with self._dynamodb._lock:  # its thread for TTL goes on
            state = {
                "format": _FORMAT,
                "last_sequence_number": self._numbers.last,
                "streams": {name: getattr(self._dynamodb, name) for name in _STREAMS},
                "tables": self._dynamodb.get_state(),
            }
            content = json.dumps(state, default=self._persistence._json_default)
        unfinished = self._path.with_suffix(".unfinished")
        with unfinished.open("w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)


def main() -> None:
    options = _options()
    os.umask(0o077)
    # Until there is a loop that hears it: an orderly end, which leaves no folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="record-processor-local-") as private, _lock(options.data):
        _set_environment(options, Path(private))
        application = importlib.import_module("ministack.app").app
        kept = _prepare(options.data)
        try:
            asyncio.run(_serve(Door(application, options.services.split(",")), options.host, options.port))
        finally:
            if kept is not None:
                # A second Ctrl-C is impatience, and half a file would not help.
                for number in _STOPS:
                    signal.signal(number, signal.SIG_IGN)
                kept.write()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--services", required=True)
    parser.add_argument("--account", default="000000000000")
    parser.add_argument("--data", type=Path)
    return parser.parse_args()


@contextlib.contextmanager
def _lock(folder: Path | None) -> Iterator[None]:
    """Two servers would write over what the other has kept."""
    if folder is None:
        yield
        return
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"another local database has its tables in {folder}; end it, or choose another folder")
        yield


def _set_environment(options: argparse.Namespace, private: Path) -> None:
    """All that ministack is to know: it reads dozens of variables, and some name credentials and programs."""
    folders = {"HOME": "home", "TMPDIR": "tmp", "STATE_DIR": "state", "S3_DATA_DIR": "s3"}
    for folder in folders.values():
        (private / folder).mkdir()
    os.environ.clear()
    os.environ.update({name: str(private / folder) for name, folder in folders.items()})
    os.environ.update(
        PATH=os.defpath,
        BIND_HOST=options.host,
        MINISTACK_HOST=options.host,
        GATEWAY_PORT=str(options.port),
        SERVICES=options.services,
        MINISTACK_REGION=_REGION,
        MINISTACK_ACCOUNT_ID=options.account,
        AWS_EC2_METADATA_DISABLED="true",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        DOCKER_HOST=f"unix://{private}/no-docker.sock",
        LOG_LEVEL="WARNING",
    )
    tempfile.tempdir = os.environ["TMPDIR"]


def _prepare(data: Path | None) -> Kept | None:
    dynamodb, numbers = importlib.import_module("ministack.services.dynamodb"), Numbers()
    dynamodb._next_stream_seq = numbers.next  # type: ignore[attr-defined]
    dynamodb._build_change_record = _sized(dynamodb)  # type: ignore[attr-defined]
    streams = importlib.import_module("ministack.services.dynamodb_streams")
    streams._list_streams = _listing(dynamodb, streams)  # type: ignore[attr-defined]
    streams._describe_stream = _with_own_shard(streams, streams._describe_stream)  # type: ignore[attr-defined]
    streams._get_shard_iterator = _with_own_shard(streams, streams._get_shard_iterator)  # type: ignore[attr-defined]
    if data is None:
        return None
    kept = Kept(data, dynamodb, numbers)
    kept.read()
    return kept


def _sized(dynamodb: ModuleType) -> Callable[..., dict[str, Any]]:
    """What builds a stream's record, with its size, which ministack leaves 0."""
    build, size_of = dynamodb._build_change_record, dynamodb._item_size_bytes

    def built(*arguments: Any) -> dict[str, Any]:
        record: dict[str, Any] = build(*arguments)
        change = record["dynamodb"]
        change["SizeBytes"] = sum(size_of(change.get(part)) for part in ("Keys", "NewImage", "OldImage"))
        return record

    return built


def _listing(dynamodb: ModuleType, streams: ModuleType) -> Callable[[dict[str, Any]], Any]:
    """ListStreams with those that are closed too, which can be read for a day; ministack leaves them out."""
    answer = importlib.import_module("ministack.core.responses").json_response

    def listed(call: dict[str, Any]) -> Any:
        found = [streams._enabled_stream_info(name) for name in list(dynamodb._tables.keys())]
        found += [{**stream, "StreamArn": arn} for arn, stream in dynamodb._closed_streams.items()]
        fields = ("StreamArn", "TableName", "StreamLabel")
        # The order of their ARNs: by table, then by time.
        every = sorted([{name: one[name] for name in fields} for one in found if one], key=lambda one: one["StreamArn"])
        wanted = [one for one in every if call.get("TableName") in (None, one["TableName"])]
        rest = [one for one in wanted if one["StreamArn"] > call.get("ExclusiveStartStreamArn", "")]
        most = min(int(call.get("Limit", _MOST_STREAMS)), _MOST_STREAMS)
        page = rest[:most]
        more = {"LastEvaluatedStreamArn": page[-1]["StreamArn"]} if len(page) < len(rest) else {}
        return answer({"Streams": page, **more})

    return listed


def _shard_id(arn: str) -> str:
    """As AWS has them: of the time, in milliseconds, and of something that tells streams of one moment apart."""
    try:
        made = datetime.fromisoformat(arn.rpartition("/")[2]).replace(tzinfo=timezone.utc)
    except ValueError:
        return ""
    return f"shardId-{int(made.timestamp() * 1000):020d}-{zlib.crc32(arn.encode()):08x}"


def _with_own_shard(streams: ModuleType, answer: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """A call in which each stream's shard has an id of its own.

    In ministack all have the same, so the lease of an old stream of a table would count for its new one.
    """
    shared: str = streams._DEFAULT_SHARD_ID

    def answered(call: dict[str, Any]) -> Any:
        own = _shard_id(call.get("StreamArn", ""))
        inside = {own: shared, shared: "none of this stream"}
        named: dict[str, Any] = {
            name: inside.get(call[name], call[name]) for name in ("ShardId", "ExclusiveStartShardId") if name in call
        }
        status, headers, body = answer({**call, **named})
        return status, headers, body.replace(shared.encode(), own.encode()) if status == 200 else body

    return answered


async def _serve(application: Door, host: str, port: int) -> None:
    """Until standard input ends, or SIGTERM or SIGINT comes."""
    hypercorn = importlib.import_module("hypercorn.asyncio")
    config = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    config.loglevel = "WARNING"
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in _STOPS:
        loop.add_signal_handler(number, ended.set)
    threading.Thread(target=_wait_for_parent, args=(loop, ended), daemon=True).start()
    await hypercorn.serve(application, config, shutdown_trigger=ended.wait)


def _wait_for_parent(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass  # only the end says something
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(ended.set)


if __name__ == "__main__":
    main()
