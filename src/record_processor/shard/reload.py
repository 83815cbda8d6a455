"""`run --reload`: this shard's process ends when a source file is saved, and the next one imports what it says now.

A process starts in a fraction of a second and from the checkpoint; what is imported into one that runs stays half old.
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
# Of the time that a look at a large folder takes, looks are so many times apart.
_REST = 10
_NOT_SOURCES = {"node_modules", "__pycache__", "site-packages"}
_ENVIRONMENT = "pyvenv.cfg"


class SourceWatch:
    """Looks at the Python files of the working directory, where handlers are found, as long as the process lives."""

    def __init__(self, saved: Callable[[str], None]) -> None:
        """`saved` is called once, from a thread of the watch, with the first file that was saved, made or removed."""
        self._saved = saved
        self._top = str(working_directory.path())
        # Before anything is imported: what is saved while it is being imported counts.
        self._before = self._sizes()

    def start(self) -> None:
        # What was compiled is recognized by its second: of two saves within one, the first would stay.
        sys.dont_write_bytecode = True
        threading.Thread(target=self._watch, name="source-watch", daemon=True).start()

    def change(self) -> str | None:
        """The path of a file that is not as it was at the start; None if there is none."""
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
        """Of each file the time of its last change, and its size."""
        return {entry.path: (found.st_mtime_ns, found.st_size) for entry, found in _sources(self._top)}


def _sources(folder: str) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    """The Python files below a folder, without hidden folders and what is installed."""
    try:
        entries = list(os.scandir(folder))
    except OSError:  # it is gone again
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
    """Wait until the watch ends this process, which cannot go on with the sources as they are; or the lease does."""
    log.info("shard.waiting", "this shard's process waits for a source file to be saved")
    while not lease.lost and not lease.stop_requested:
        time.sleep(_LOOK_SECONDS)
    process_end.end(process_end.LEASE_LOST if lease.lost else process_end.STOPPED)
