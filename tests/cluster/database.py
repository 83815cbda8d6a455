"""The local database as a machine of the cluster has it: with its data in a folder, so that it can be restarted."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

from record_processor.local.ministack import started
from tests.harness import Database
from tests.servers.process import free_port

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


class LocalDatabase:
    def __init__(self, folder: Path, host: str) -> None:
        self._folder, self._host, self._port = folder, host, free_port()
        self._block = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        self.database = Database(f"http://{host}:{self._port}")

    def start(self) -> None:
        self._process = self._block.enter_context(started(self._port, self._folder, self._host))

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        self.resume()
        self._block.close()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
