"""DynamoDB Local: fetched by Maven once, kept in the user's cache, run on loopback."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING

from record_processor.daemon.java import find_java
from record_processor.errors import SetupError
from record_processor.local.jars import fetched
from record_processor.operate.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"

_POM = "dynamodb-local.pom.xml"
_MAIN = "recordprocessor.LocalServer"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


def run(port: int, data: Path | None, host: str = LOOPBACK) -> int:
    """Run it until SIGTERM or SIGINT; 0, or the status that it ended with by itself.

    Raises:
        SetupError: there is no Java or no Maven, or the port is taken.
    """
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        with started(port, data, host) as process:
            kept = f"kept in {data}" if data else "in memory"
            say(f"DynamoDB Local listens on http://{host}:{port}, tables {kept}; Ctrl-C ends it", err=True)
            return process.wait()
    except KeyboardInterrupt:
        return 0


@contextmanager
def started(port: int, data: Path | None = None, host: str = LOOPBACK) -> Iterator[subprocess.Popen[bytes]]:
    """The running server, ready for requests, for as long as the block lasts. Raises what `run` raises."""
    java = find_java()
    _refuse_taken(host, port)
    jars = _jars()
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            _command(java, jars, port, data, host), stdin=subprocess.PIPE, stdout=words, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(process, host, port, words)
            yield process
        finally:
            _stop(process)


def _command(java: str, jars: Path, port: int, data: Path | None, host: str) -> list[str]:
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
    where = ["-inMemory"] if data is None else ["-dbPath", str(data)]
    ours = Path(str(resources.files("record_processor.daemon"))) / "jars" / "record-processor-daemon.jar"
    # Shared: otherwise each pair of access key and region has tables of its own, which surprises everybody once.
    options = ["-sharedDb", "-disableTelemetry", "-port", str(port)]
    return [java, f"-Djava.library.path={jars}", "-cp", f"{jars}/*:{ours}", _MAIN, host, *options, *where]


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"port {port} of {host} cannot be used: {error.strerror}; choose another with --port"
            ) from None


def _wait_until_ready(process: subprocess.Popen[bytes], host: str, port: int, words: IO[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    words.seek(0)
    raise SetupError(f"DynamoDB Local did not start on port {port}:\n{words.read().decode(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None  # noqa: S101 - Popen was told so
    process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _jars() -> Path:
    pom = Path(str(resources.files(__package__))) / _POM
    return fetched(pom, "DynamoDB Local", ", or run the image amazon/dynamodb-local with compose.yaml")
