"""Where a thread or a call is in its code: for people who ask what blocks a shard."""

from __future__ import annotations

import sys
import sysconfig
from typing import TYPE_CHECKING

from record_processor.logs.log_events import running_calls

if TYPE_CHECKING:
    from types import FrameType

_LIBRARIES = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
_OURS = __name__.partition(".")[0]


def position(thread_id: int) -> str | None:
    """Return where the call is that this thread waits for, or else where the thread is."""
    call = running_calls.get(thread_id)
    return where(thread_id) if call is None else call.where()


def where(thread_id: int) -> str | None:
    """Return a thread's innermost line of user code, or else its innermost line; None if it is gone."""
    innermost = frame = sys._current_frames().get(thread_id)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] != _OURS and not is_library(frame):
            return named(frame)
        frame = frame.f_back
    return None if innermost is None else named(innermost)


def is_library(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    return name.startswith(_LIBRARIES) or name.startswith("<frozen")


def named(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
