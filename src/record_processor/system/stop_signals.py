"""SIGTERM and SIGINT while a command prepares itself: an exception, so that every block cleans up."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_held_back = False
_waiting: int | None = None


class StopSignal(BaseException):
    """The command was asked to stop before it had started its work."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def raise_stop_signals() -> None:
    """Have SIGTERM and SIGINT raise StopSignal in the main thread from now on."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _on_signal)


@contextmanager
def held_back() -> Iterator[None]:
    """Raise at the end of the block what arrives within it: a process that is being started must get its owner."""
    global _held_back, _waiting
    _held_back = True
    try:
        yield
    finally:
        _held_back = False
    if _waiting is not None:
        number, _waiting = _waiting, None
        raise StopSignal(number)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    global _waiting
    if _held_back:
        _waiting = number
    else:
        raise StopSignal(number)
