"""The clocks of one host, which can be set while its worker runs (`clock.c`)."""

from __future__ import annotations

import struct
import subprocess
import time
from pathlib import Path

from tests.servers.process import require

_SOURCE = Path(__file__).with_name("clock.c")


def moment_ns() -> int:
    """One clock for all hosts of a cluster and for the test: `clock.c` leaves it alone, also while a host sleeps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Clock:
    """Builds the library into a folder; `environment` is what a process needs to have this clock."""

    def __init__(self, folder: Path) -> None:
        require("gcc")
        library = folder / "clock.so"
        command = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(_SOURCE), "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
        self._path = folder / "ahead"
        self._ahead_seconds = 0
        self._slept_ns = 0
        self._path.write_bytes(self._content())
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(self._path)}

    def jump(self, seconds: int) -> None:
        """The wall clock is so far ahead of the real time from now on; negative is behind."""
        self._ahead_seconds = seconds
        self._write()

    def sleep(self, nanoseconds: int) -> None:
        """Add a time during which the monotonic clock stood still; call it while the processes are stopped."""
        self._slept_ns += nanoseconds
        self._write()

    def _content(self) -> bytes:
        return struct.pack("=qq", self._ahead_seconds, self._slept_ns)

    def _write(self) -> None:
        # In place: the processes have it mapped.
        with self._path.open("r+b") as file:
            file.write(self._content())
