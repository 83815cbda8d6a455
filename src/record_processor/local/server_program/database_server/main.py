"""The program: its options, its environment, and serving until it is told to end.

It ends when its standard input does, and so with the process that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from . import stream_fixes
from .door import Door
from .sequence_numbers import SequenceNumbers
from .stored_database import StoredDatabase, locked

# The region of unsigned requests; AWS's command-line tools use the same.
_REGION = "us-east-1"
_KEEP_ALIVE_SECONDS = 75.0
_STOPS = (signal.SIGTERM, signal.SIGINT)


def main() -> None:
    options = _options()
    os.umask(0o077)
    # Until an event loop handles it: exit in an orderly way, which leaves no folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="record-processor-local-") as private, locked(options.data):
        _set_environment(options, Path(private))
        application = importlib.import_module("ministack.app").app
        stored = _prepare(options.data)
        try:
            asyncio.run(_serve(Door(application, options.services.split(",")), options.host, options.port))
        finally:
            if stored is not None:
                # A second Ctrl-C must not leave half a file.
                for number in _STOPS:
                    signal.signal(number, signal.SIG_IGN)
                stored.write()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--services", required=True)
    parser.add_argument("--account", default="000000000000")
    parser.add_argument("--data", type=Path)
    return parser.parse_args()


def _set_environment(options: argparse.Namespace, private: Path) -> None:
    """Replace the environment: ministack reads dozens of variables, and some name credentials and programs."""
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


def _prepare(data: Path | None) -> StoredDatabase | None:
    dynamodb, numbers = importlib.import_module("ministack.services.dynamodb"), SequenceNumbers()
    stream_fixes.apply(dynamodb, numbers)
    if data is None:
        return None
    stored = StoredDatabase(data, dynamodb, numbers)
    stored.read()
    return stored


async def _serve(application: Door, host: str, port: int) -> None:
    """Serve until standard input ends, or SIGTERM or SIGINT arrives."""
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
        pass  # only the end matters
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(ended.set)
