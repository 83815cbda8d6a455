"""What this machine has: Java, a place for the run directory, file descriptors, and memory for the shards."""

from __future__ import annotations

import os
import re
import resource
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.host import jvm, run_directory_lock
from record_processor.host.find_java import find_java
from record_processor.tools.online.finding import Finding, attempted, error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEGABYTE = 1 << 20
_SMALLEST_ROOM_MB = 4
# The JVM's jars and logs; pipes to each shard process, its files, and a connection. Measured: 88, and 5 per shard.
_DESCRIPTORS = 128
_DESCRIPTORS_A_SHARD = 8
# Measured: docs/explanation/measurements.md. The heap comes on top of the JVM's own memory.
_JVM_MB, _PARENT_MB, _FORKER_MB = 110, 45, 30
# By whether it was forked, and whether it needs the AWS SDK.
_SHARD_MB = {(True, False): 6, (True, True): 11, (False, False): 15, (False, True): 41}
_HEAP = re.compile(r"-Xmx(\d+)([kKmMgG]?)")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_DEFAULT_HEAP_MB = 256


def look() -> Iterator[Finding]:
    """Yield what a worker needs before it reads anything."""
    yield from attempted("java", _java)
    yield from attempted("run directory", _run_directory)


def look_for_shards(shards: int, jvm_options: str, *, uses_sdk: bool, forks: bool) -> Iterator[Finding]:
    """Yield whether one host alone could hold all the shards that there are now; `forks`: they have a warm parent."""
    yield _descriptors(shards)
    yield _memory(shards, _JVM_MB + _heap_mb(jvm_options) + _PARENT_MB + forks * _FORKER_MB, _SHARD_MB[forks, uses_sdk])


def _java() -> Iterator[Finding]:
    java = find_java()
    count = len(jvm.jars())
    yield ok("java", f"{java}, with {count} jars")


def _run_directory() -> Iterator[Finding]:
    path, lock = run_directory_lock.make()
    try:
        room_mb = shutil.disk_usage(path).free // _MEGABYTE
    finally:
        run_directory_lock.remove(path)
        os.close(lock)
    place = str(path.parent)
    if room_mb < _SMALLEST_ROOM_MB:
        yield error("run directory", f"{place} has {room_mb} MB left", f"Make room: {_SMALLEST_ROOM_MB} MB are enough")
    else:
        yield ok("run directory", f"in {place}, {room_mb:,} MB free")


def _descriptors(shards: int) -> Finding:
    needed = _DESCRIPTORS + shards * _DESCRIPTORS_A_SHARD
    # Java raises its own limit to the hard one.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        found = f"at most {hard:,} per process; {_count(shards)} on this host may need {needed:,}"
        return error(
            "file descriptors", found, f"Raise the hard limit: LimitNOFILE={needed} for systemd, or ulimit -Hn"
        )
    limit = "no limit" if hard == resource.RLIM_INFINITY else f"at most {hard:,} per process"
    return ok("file descriptors", f"{limit}, enough for {_count(shards)}")


def _count(shards: int) -> str:
    return f"{shards:,} shard{'s' * (shards != 1)}"


def _memory(shards: int, worker: int, a_shard: int) -> Finding:
    needed = worker + shards * a_shard
    available = _available_mb()
    if available is None:
        return warning("memory", f"about {needed:,} MB are needed for {_count(shards)}", "See that they are there")
    found = f"{available:,} MB available; {_count(shards)} on this host need about {needed:,} MB, {a_shard} each"
    if available < needed:
        return warning("memory", found, "Give it more memory, or share the shards among more hosts")
    return ok("memory", f"{found}, without what handlers use")


def _heap_mb(jvm_options: str) -> int:
    found = [match for word in shlex.split(jvm_options) if (match := _HEAP.fullmatch(word))]
    return int(found[-1][1]) * _UNITS[found[-1][2].lower()] // _MEGABYTE if found else _DEFAULT_HEAP_MB


def _available_mb() -> int | None:
    """Return what the machine and the container leave; None if neither says so."""
    figures = [figure for figure in (_of_machine(), _of_container()) if figure is not None]
    return min(figures) // _MEGABYTE if figures else None


def _of_machine() -> int | None:
    try:
        match = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    except OSError:
        return None
    return int(match[1]) << 10 if match else None


def _of_container() -> int | None:
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = (folder / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(limit) - int(used) if limit.isdigit() else None
