"""The local database: ministack, in its own environment, on loopback, for as long as this process lives."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING

from record_processor.errors import SetupError
from record_processor.local.environment import python
from record_processor.logs.terminal import say
from record_processor.system.stop_signals import StopSignal, held_back, raise_stop_signals
from record_processor.text.safe_text import shortened_to_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOPBACK = "127.0.0.1"
DATABASE = ("dynamodb", "dynamodbstreams")

_SERVER = "server_program"
# What a Python may need to run at all; the server gets nothing else of our environment.
_PASSED_ON = ("LD_LIBRARY_PATH", "TMPDIR")
_START_SECONDS = 60.0
# Enough for writing a stream of a million records.
_STOP_SECONDS = 60.0
_LAST_CHARACTERS = 4000


def run(port: int, data: Path | None, host: str = LOOPBACK) -> int:
    """Run it until SIGTERM or SIGINT, or until it ends by itself; return 0.

    Raises:
        SetupError: it could not be installed or started, the port is taken, or the data belong to another program; or
            it could not write its data at the end.
    """
    raise_stop_signals()
    with contextlib.suppress(StopSignal), started(port, data, host) as process:
        kept = f"written to {data} when it ends" if data else "in memory"
        say(f"the local DynamoDB listens on http://{host}:{port}, tables and streams {kept}; Ctrl-C ends it", err=True)
        process.wait()
    return 0


@contextlib.contextmanager
def started(
    port: int, data: Path | None = None, host: str = LOOPBACK, services: Sequence[str] = DATABASE
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield the running server, ready for requests, for as long as the block lasts.

    `services` are ministack's names for them; it has no others.

    Raises:
        SetupError: as for `run`; at the end of the block, it had ended with another status than 0.
    """
    _refuse_taken(host, port)
    if data is not None:
        _refuse_foreign(data)
    command = server_command(host, port, services)
    command += ["--data", str(data.absolute())] if data is not None else []
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=words, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(process, host, port, words)
        except BaseException:
            _stop(process)
            raise
        try:
            yield process
        finally:
            # However the block ends, and however often the user interrupts: what the server says at its end is heard.
            with held_back():
                _stop(process)
                if process.returncode:
                    raise SetupError(f"the local database ended with status {process.returncode}:\n{_last(words)}")


def server_command(host: str, port: int, services: Sequence[str]) -> list[str]:
    """Return the command line of the server, which sees no other Python package than ministack's environment has.

    Raises:
        SetupError: that environment could not be made.
    """
    program = Path(str(resources.files(__package__))) / _SERVER
    return [str(python()), "-I", str(program), "--host", host, "--port", str(port), "--services", ",".join(services)]


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"port {port} of {host} cannot be used: {error.strerror}; choose another with --port"
            ) from None


def _refuse_foreign(data: Path) -> None:
    """Reject a folder of DynamoDB Local: it would look empty."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for other in data.glob("*.db"):
        raise SetupError(
            f"{other} is a file of DynamoDB Local's, whose tables ministack cannot read; choose another folder with "
            "--data, or go on with DynamoDB Local (docs/how-to/run-locally.md)"
        )


def _wait_until_ready(process: subprocess.Popen[bytes], host: str, port: int, words: IO[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    raise SetupError(f"the local database did not start on port {port}:\n{_last(words)}")


def _last(words: IO[bytes]) -> str:
    words.seek(0)
    return shortened_to_end(words.read().decode(errors="replace").strip(), _LAST_CHARACTERS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None  # noqa: S101 - Popen was told so
    process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
