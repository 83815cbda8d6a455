"""What a forked process does to look like one that was started as `python -m record_processor.shard`.

Others look at it from outside: `ps`, and the JVM, which finds descendants by a marker in their environment
(`Stragglers.java`).
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from record_processor.system import shard_environment, working_directory

if TYPE_CHECKING:
    import io
    from collections.abc import Mapping

    from record_processor.system.named_pipes import NamedPipes

# In /proc/PID/stat, counted from the field after the command's name.
_ARGUMENTS, _ENVIRONMENT = 45, 47
_OPTION = b"--forker"


def become(pipes: NamedPipes, environment: Mapping[str, str]) -> None:
    """Give this process its standard streams and its environment, also in the eyes of others."""
    pipes.take()
    marker = os.environ.get(shard_environment.PROCESS, "")
    os.environ.update(environment)
    with contextlib.suppress(OSError, ValueError):  # a system that hides it: then only the group tells
        _show_outside(marker, environment.get(shard_environment.PROCESS, ""))
    del sys.argv[1:]
    os.chdir(working_directory.path())  # preloaded modules may have left it
    gc.enable()


def _show_outside(old_marker: str, new_marker: str) -> None:
    """Replace what the process was started with, in the memory that the kernel shows as cmdline and environ.

    Forks of this process that start no other program show it too.
    """
    with open("/proc/self/stat", "rb") as file:  # noqa: PTH123
        fields = file.read().rpartition(b")")[2].split()
    with open("/proc/self/mem", "r+b", buffering=0) as memory:  # noqa: PTH123
        start, end = map(int, fields[_ARGUMENTS : _ARGUMENTS + 2])
        _replace(memory, start, end, _OPTION, bytes(len(_OPTION)))
        start, end = map(int, fields[_ENVIRONMENT : _ENVIRONMENT + 2])
        if len(new_marker) == len(old_marker):
            name = f"{shard_environment.PROCESS}="
            _replace(memory, start, end, f"{name}{old_marker}".encode(), f"{name}{new_marker}".encode())


def _replace(memory: io.FileIO, start: int, end: int, old: bytes, new: bytes) -> None:
    """Replace the one place between two addresses where `old` is; both have the same length."""
    memory.seek(start)
    at = (memory.read(end - start) or b"").find(old)
    if at >= 0:
        memory.seek(start + at)
        memory.write(new)
