"""How a shard process ends: with a status that says why, at once, and confirmed where only we can write.

A handler may call `os._exit` with any number, so a status alone says little. Before it ends on purpose, the process
writes the status into the first byte of its trials file; the Java side believes a status that stands there too, and
takes any other end for the doing of the user's code or of a signal.

Nothing waits for threads of the user's: they may go on acting without a lease.
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
"""A stop was asked for, and there is nothing more to save."""
CALL_TIMEOUT = 82
"""A call of a handler passed its timeout."""
DEFECT = 83
"""The record processor itself failed."""
ACTIONS = 84
"""The actions cannot be built any more, or one of them could not start."""
RELOAD = 85
"""A source file was saved, and is to be imported anew."""

# What may still be done at the end: let go of programs, pass on the last output. A hung disk must not keep us.
_FAREWELL_SECONDS = 2.0

_farewells: list[Callable[[], None]] = []
_status_path: Path | None = None
_ending = threading.Lock()


def blame(thread_id: int) -> None:
    """Note that the call of a thread is why the process ends; replaced where notes are kept."""


def confirm_in(path: Path | None) -> None:
    """Where the status is confirmed; None: nowhere."""
    global _status_path
    _status_path = path


def before(farewell: Callable[[], None]) -> None:
    """Do this before the end, the last that is named first; its errors are nobody's."""
    _farewells.insert(0, farewell)


def end(status: int, thread_id: int | None = None, say: Callable[[], None] | None = None) -> NoReturn:
    """End this process with one of the statuses above, from whichever thread, in `_FAREWELL_SECONDS` at most.

    Args:
        status: one of the above.
        thread_id: the thread whose call is to blame, if one is.
        say: why; within the same time, since a handler that hangs may hold a lock of the log.
    """
    _ending.acquire()  # and never released: a second reason to end has nothing to add
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
