"""The wall clock of one host, which can be set while its worker runs (`clock.c`)."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from tests.servers.process import require

_SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """Builds the library into a folder; `environment` is what a process needs to have this clock."""

    def __init__(self, folder: Path) -> None:
        require("gcc")
        library = folder / "clock.so"
        command = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(_SOURCE), "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
        self._path = folder / "ahead"
        self._path.write_bytes(struct.pack("=q", 0))
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(self._path)}

    def jump(self, seconds: int) -> None:
        """So far ahead of the real time from now on; negative is behind."""
        # In place: the processes have it mapped.
        with self._path.open("r+b") as file:
            file.write(struct.pack("=q", seconds))
