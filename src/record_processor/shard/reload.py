"""`run --reload`: this shard process ends when a source file is saved, and the next one imports the new content.

A process starts in a fraction of a second and from the checkpoint; in a running one, imports would stay half old.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

from record_processor.logs.log_events import Log
from record_processor.system import process_end, working_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from record_processor.delivery.lease import Lease

log = Log("worker.reload")

_LOOK_SECONDS = 0.3
# Scans of a large folder are this many times as far apart as one takes.
_REST = 10
_NOT_SOURCES = {"node_modules", "__pycache__", "site-packages"}
_ENVIRONMENT = "pyvenv.cfg"


class SourceWatch:
    """Watches the Python files in the working directory, where handlers are found, as long as the process lives."""

    def __init__(self, saved: Callable[[str], None]) -> None:
        """`saved` is called once, from a thread of the watch, with the first file saved, created or removed."""
        self._saved = saved
        self._top = str(working_directory.path())
        # Before anything is imported: what is saved during the import counts.
        self._before = self._sizes()

    def start(self) -> None:
        # Compiled files are recognized by the second of their source: of two saves within one, the first would stay.
        sys.dont_write_bytecode = True
        threading.Thread(target=self._watch, name="source-watch", daemon=True).start()

    def change(self) -> str | None:
        """Return the path of a file that has changed since the start; None if there is none."""
        now = self._sizes()
        changed = sorted(self._before.items() ^ now.items())
        return changed[0][0] if changed else None

    def _watch(self) -> None:
        path = None
        while path is None:
            began = time.monotonic()
            path = self.change()
            time.sleep(max(_LOOK_SECONDS, _REST * (time.monotonic() - began)))
        self._saved(path)

    def _sizes(self) -> dict[str, tuple[int, int]]:
        """Return the time of the last change and the size of each file."""
        return {entry.path: (found.st_mtime_ns, found.st_size) for entry, found in _sources(self._top)}


def _sources(folder: str) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    """Yield the Python files below a folder, without hidden folders and installed packages."""
    try:
        entries = list(os.scandir(folder))
    except OSError:  # it has been removed meanwhile
        return
    if any(entry.name == _ENVIRONMENT for entry in entries):
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _NOT_SOURCES:
                    yield from _sources(entry.path)
            elif entry.name.endswith(".py"):
                yield entry, entry.stat()
        except OSError:
            continue


def start() -> None:
    """End this process as soon as a source file is saved."""

    def end(path: str) -> None:
        log.info("shard.reloading", f"{path} was saved: this shard's process ends, and starts again with it", path=path)
        process_end.end(process_end.RELOAD)

    SourceWatch(end).start()


def wait_for_a_save(lease: Lease) -> NoReturn:
    """Wait until the watch, or the lease, ends this process, which cannot continue with the sources as they are."""
    log.info("shard.waiting", "this shard's process waits for a source file to be saved")
    while not lease.lost and not lease.stop_requested:
        time.sleep(_LOOK_SECONDS)
    process_end.end(process_end.LEASE_LOST if lease.lost else process_end.STOPPED)
