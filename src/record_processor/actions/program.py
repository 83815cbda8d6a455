"""A running program that is asked and answers, line by line."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_READ_BYTES = 65536
_END_SECONDS = 5.0
_LONGEST_SHOWN = 200
_WORDS = ("ok", "error", "dead")


class ProgramFailedError(Exception):
    """The program did not answer as it should; it is of no use any more."""


class Program:
    """What it writes to its standard error goes to ours, and so into the worker's log."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None  # noqa: S101 - Popen was told so
        assert self._process.stdout is not None  # noqa: S101
        self._stdin = self._process.stdin
        self._stdout = self._process.stdout
        # Both ways at once and neither waited for: else it stands still on a full pipe while we stand on another.
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)

    @property
    def ready(self) -> bool:
        """Whether it runs, and has said nothing unasked: an answer too many would be taken for the next record's."""
        if self._process.poll() is not None:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            return not selector.select(0)

    def ask(self, lines: Sequence[bytes], timeout_seconds: float) -> tuple[list[str], ProgramFailedError | None]:
        """The answers in their order, and why there are fewer of them than lines."""
        conversation = _Conversation(b"".join(lines), len(lines))
        try:
            self._converse(conversation, time.monotonic() + timeout_seconds)
            if conversation.open:
                raise ProgramFailedError(f"the program took longer than {timeout_seconds:g} s")
            if conversation.unfinished:
                conversation.distrust()
                raise ProgramFailedError("the program said more than it was asked")
        except ProgramFailedError as failure:
            return conversation.answers, failure
        return conversation.answers, None

    def _converse(self, conversation: _Conversation, end: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(self._stdin, selectors.EVENT_WRITE)
            writing = True
            while conversation.open and (left := end - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if key.fileobj is self._stdout:
                        self._read(conversation)
                    else:
                        self._write(conversation)
                if writing and not conversation.unsent:
                    selector.unregister(self._stdin)
                    writing = False

    def close(self) -> None:
        """Let it end by itself, at the end of its input; make it end where it does not."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                pipe.close()

    def _write(self, conversation: _Conversation) -> None:
        try:
            conversation.unsent = conversation.unsent[os.write(self._stdin.fileno(), conversation.unsent) :]
        except BlockingIOError:
            return
        except OSError:
            # It reads no more; what it said before, and its status, come with the end of its output.
            conversation.unsent = memoryview(b"")

    def _read(self, conversation: _Conversation) -> None:
        chunk = os.read(self._stdout.fileno(), _READ_BYTES)
        if not chunk:
            raise ProgramFailedError(f"the program ended with {self._status()}")
        conversation.take(chunk)

    def _status(self) -> str:
        try:
            status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return "its output closed, though it goes on running"
        return f"status {status}" if status >= 0 else f"signal {-status}"


class _Conversation:
    """What is still to be sent, and what was answered."""

    def __init__(self, text: bytes, wanted: int) -> None:
        self.unsent = memoryview(text)
        self.answers: list[str] = []
        self._wanted = wanted
        self._part = b""

    @property
    def open(self) -> bool:
        return len(self.answers) < self._wanted

    @property
    def unfinished(self) -> bool:
        return bool(self._part)

    def take(self, chunk: bytes) -> None:
        *lines, self._part = (self._part + chunk).split(b"\n")
        for line in lines:
            answer = line.decode(errors="replace").strip()
            if answer.partition(" ")[0] not in _WORDS:
                raise ProgramFailedError(
                    f"expected ok, error REASON or dead REASON from the program, found {answer[:_LONGEST_SHOWN]!r}"
                )
            if not self.open:
                self.distrust()
                raise ProgramFailedError("the program answered more lines than it was given")
            self.answers.append(answer)

    def distrust(self) -> None:
        """With an answer too many, nobody knows which answer is whose."""
        self.answers.clear()
