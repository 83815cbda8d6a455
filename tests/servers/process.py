"""A server as its own process, which can be stopped and started again on the same port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOOPBACK = "127.0.0.1"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


def require(program: str) -> None:
    """Skip if a program is missing, and say so; under CI=true that is a failure."""
    if shutil.which(program) is None:
        reason = f"needs {program} on the PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """Started, and ready for connections, when it is made."""

    def __init__(
        self,
        name: str,
        port: int,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        host: str = LOOPBACK,
    ) -> None:
        self.name = name
        self.port = port
        self.host = host
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._words = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        with self._words.open("ab") as words:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=words,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((self.host, self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{self.name} did not start:\n{self._words.read_text()[-4000:]}")

    def stop(self) -> None:
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
