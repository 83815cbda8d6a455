"""How a shard process ends: with a status that says why, at once, and confirmed where only we can write.

A handler may call `os._exit` with any number, so a status alone says little. Before it ends on purpose, the process
writes the status into the first byte of its trials file; the Java side believes a status that is also there, and
attributes any other end to user code or a signal.

Nothing waits for threads of user code: they might continue to act without a lease.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import NoReturn

# The Java side has these too.
ORDERLY = 0
LEASE_LOST = 80
"""The lease is lost; another worker may have the shard."""
STOPPED = 81
"""A stop was requested, and there is nothing left to save."""
CALL_TIMEOUT = 82
"""A handler's call exceeded its timeout."""
DEFECT = 83
"""The record processor itself failed."""
ACTIONS = 84
"""The actions can no longer be built, or one of them could not start."""
RELOAD = 85
"""A source file was saved and must be imported again."""

# For what is still done at the end: closing programs, passing on the last output. A hanging disk must not delay the
# end.
_FAREWELL_SECONDS = 2.0

_farewells: list[Callable[[], None]] = []
_status_path: Path | None = None
_ending = threading.Lock()


def blame(thread_id: int) -> None:
    """Note that a thread's call is the reason for the end; replaced where notes are kept."""


def confirm_in(path: Path | None) -> None:
    """Where the status is confirmed; None: nowhere."""
    global _status_path
    _status_path = path


def before(farewell: Callable[[], None]) -> None:
    """Do this before the end, in reverse order of registration; errors are ignored."""
    _farewells.insert(0, farewell)


def end(status: int, thread_id: int | None = None, say: Callable[[], None] | None = None) -> NoReturn:
    """End this process with one of the statuses above, from any thread, within `_FAREWELL_SECONDS`.

    Args:
        status: one of the above.
        thread_id: the thread whose call is to blame, if there is one.
        say: logs the reason, within the same time, since a hanging handler may hold a lock of the log.
    """
    _ending.acquire()  # and never released: a second reason to end adds nothing
    if thread_id is not None:
        blame(thread_id)
    if say is not None:
        before(say)
    saying = threading.Thread(target=_say_farewell, name="farewell", daemon=True)
    saying.start()
    saying.join(_FAREWELL_SECONDS)
    _confirm(status)
    os._exit(status)


def _say_farewell() -> None:
    for farewell in _farewells:
        with contextlib.suppress(Exception):
            farewell()
    with contextlib.suppress(Exception):
        sys.stderr.flush()


def _confirm(status: int) -> None:
    if _status_path is not None:
        with contextlib.suppress(OSError):
            os.pwrite(
                os.open(_status_path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600),
                bytes([status]),
                0,
            )
