"""Standard output for handlers: a real text file, every line of which is a log event, `handler.print`.

What Python code prints becomes an event in the thread that prints, so that the event knows the call. What reaches
descriptor 1 past Python (C code, programs that a handler starts) comes through a pipe. Neither knows the protocol's own
descriptor.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import sys
import threading
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.logs import log_events
from record_processor.text.redaction import parted, redacted

if TYPE_CHECKING:
    from collections.abc import Callable

log = log_events.Log("worker.handler")

# A longer line becomes several events. A whole item is at most 400 KB, and may be printed.
_LONGEST_LINE = 1 << 20
# How many parts of a line are joined; parts as long as this are joined at once.
_MOST_PARTS = 1000
_LONG_PART = 65_536
_READ_BYTES = 65_536
_DRAIN_SECONDS = 1.0
# Members of an object with these names would hide the true values of the event.
_RESERVED = {"time", "level", "event", "message", "traceback", "exception", "self"}
_RESERVED |= {"table", "shard_id", "action", "event_id", "sequence_number"}
_LEVELS = {"warn": "warning", "critical": "error", "fatal": "error"} | {level: level for level in log_events.LEVELS}

_objects = msgspec.json.Decoder(dict[str, Any])


class HandlerOutput(io.TextIOWrapper):
    """`sys.stdout`, on descriptor 1: it may be reconfigured, written to as bytes, and passed to a program."""

    def __init__(self) -> None:
        super().__init__(io.BufferedWriter(_Bytes()), "utf-8", "backslashreplace", line_buffering=True)
        self._elsewhere: dict[int, list[str]] = {}
        """By thread, unfinished lines that no running call has printed."""

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        self.buffer.flush()
        self.take(text)
        return len(text)

    def take(self, text: str) -> None:
        """Make events of whole lines; the rest waits for its end, or for the call's."""
        call = log_events.in_call.get()
        unfinished = self._elsewhere if call is None or call.unfinished is None else call.unfinished
        me = threading.get_ident()
        *lines, rest = text.split("\n")
        if lines:
            lines[0] = "".join(unfinished.pop(me, ())) + lines[0]
        for line in lines:
            _emit(line)
        if rest:
            parts = unfinished.setdefault(me, [])
            parts.append(rest)
            if len(parts) > _MOST_PARTS or len(rest) > _LONG_PART:
                _join(parts)

    def finish(self) -> None:
        """Release unfinished lines."""
        for parts in list(self._elsewhere.values()):
            if parts:
                _emit("".join(parts))
        self._elsewhere.clear()


class _Bytes(io.RawIOBase):
    """What is written to `sys.stdout.buffer`."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1

    def write(self, data: Any, /) -> int:
        content = bytes(data)
        _output().take(self._decoder.decode(content))
        return len(content)


class Descriptor:
    """Descriptor 1 as a pipe that a thread reads: for what does not go through Python's `sys.stdout`."""

    def __init__(self) -> None:
        # We keep the writing end too: a handler may close descriptor 1, and then it is somebody else's file.
        self._reads, self._writes = os.pipe()
        os.dup2(self._writes, 1)
        # Written at the end: once it has come through the pipe, everything before it has.
        self._last = uuid.uuid4().hex.encode()
        self._drained = threading.Event()
        threading.Thread(target=self._read, name="standard-output", daemon=True).start()

    def drain(self) -> None:
        """Return when everything written is an event, or after a while: a full pipe must not delay the end."""
        if select.select([], [self._writes], [], 0)[1]:
            os.write(self._writes, self._last + b"\n")
            self._drained.wait(_DRAIN_SECONDS)

    def _read(self) -> None:
        line = b""
        while chunk := os.read(self._reads, _READ_BYTES):
            *lines, line = (line + chunk).split(b"\n")
            if len(line) >= _LONGEST_LINE:
                head, rest = parted(line.decode("utf-8", "surrogateescape"))
                lines.append(head.encode("utf-8", "surrogateescape"))
                line = rest.encode("utf-8", "surrogateescape")
            for whole in lines:
                self._take(whole)

    def _take(self, line: bytes) -> None:
        before, mark, _ = line.partition(self._last)
        if before or not mark:
            log_events.in_call.set(log_events.only_call())
            with contextlib.suppress(Exception):  # without its reader the pipe would fill, and every writer would block
                _emit(before.decode("utf-8", "replace"))
        if mark:
            self._drained.set()


def claim() -> Callable[[], None]:
    """Make standard output the handlers'. Call the result before the process ends, to let the last output through."""
    descriptor = Descriptor()
    sys.stdout = sys.__stdout__ = output = HandlerOutput()  # type: ignore[misc]

    def drain() -> None:
        descriptor.drain()
        output.buffer.flush()
        output.finish()

    return drain


def finish(call: log_events.Call) -> None:
    """End a call: what it printed without a line's end becomes a line."""
    for parts in (call.unfinished or {}).values():
        if parts:
            _emit("".join(parts))
    call.unfinished = None


def _join(parts: list[str]) -> None:
    line = "".join(parts)
    parts[:] = [line]
    if len(line) >= _LONGEST_LINE:
        head, rest = parted(line)
        _emit(head)
        parts[:] = [rest] if rest else []


def _output() -> HandlerOutput:
    assert isinstance(sys.__stdout__, HandlerOutput)  # noqa: S101 - nobody else makes _Bytes
    return sys.__stdout__


def _emit(line: str) -> None:
    if len(line) > _LONGEST_LINE:
        line = redacted(line)  # before it is cut, and a secret with it
    for start in range(0, len(line) or 1, _LONGEST_LINE):
        _emit_piece(line[start : start + _LONGEST_LINE].removesuffix("\r"))


def _emit_piece(line: str) -> None:
    fields = _fields(line)
    level = _LEVELS.get(str(fields.get("level", "")).lower(), "info")
    message = next((fields[name] for name in ("message", "msg") if isinstance(fields.get(name), str)), line)
    kept = {name + "_" * (name in _RESERVED): value for name, value in fields.items() if name not in _SAID}
    getattr(log, level)("handler.print", message, **kept)


_SAID = {"message", "msg", "level"}


def _fields(line: str) -> dict[str, Any]:
    """Return the members of a printed JSON object."""
    if not line.startswith("{"):
        return {}
    try:
        return _objects.decode(line)
    except (ValueError, RecursionError):
        return {}
