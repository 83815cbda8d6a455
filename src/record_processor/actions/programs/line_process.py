"""A running program that is asked and answers, line by line."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from typing import IO, TYPE_CHECKING, Any

from record_processor.actions.programs.bounded_lines import BoundedLines
from record_processor.system import processes, working_directory
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

LONGEST_LINE_BYTES = 65536
"""The limit for lines that a program answers or writes to its standard error."""
_MARK = "RP_PROGRAM"
_READ_BYTES = 65536
# How long the end of a program may go unnoticed because a process that it left behind keeps its output open.
_LOOK_SECONDS = 0.2
_STATUS_SECONDS = 1.0
_LONGEST_SHOWN = 200
_LONGEST_REASON = 1000
_WORDS = ("ok", "error", "dead")


class ProgramFailedError(Exception):
    """The program did not answer as it should and can no longer be used."""


class TooManyAnswersError(ProgramFailedError):
    """It answered more than it was asked, so it is unknown which answer belongs to which record."""


class LineProcess:
    """A process and everything that it starts: they end together.

    Args:
        command: the program and its arguments.
        environment: all of its variables.
        say: called with each line that the program writes to its standard error, from a thread of its own.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.mark = os.urandom(8).hex()
        """The marker in the environment of everything that it starts."""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Not our own standard error: what the program leaves behind would keep the log of an ended shard process
            # open, and one endless line would fill the memory of its reader.
            stderr=subprocess.PIPE,
            cwd=working_directory.path(),
            env={**environment, _MARK: self.mark},
            start_new_session=True,
        )
        self._stdin = _opened(self._process.stdin)
        self._stdout = _opened(self._process.stdout)
        # In both directions at once, waiting for neither: otherwise both sides could block on full pipes.
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)
        arguments = (_opened(self._process.stderr), say)
        threading.Thread(target=_pass_on, args=arguments, name="program-stderr", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def ready(self) -> bool:
        """Whether it runs and has written nothing unasked: an extra answer would be taken for the next record's."""
        if not self.running:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            return not selector.select(0)

    def ask(self, lines: Sequence[bytes], timeout_seconds: float) -> tuple[list[str], ProgramFailedError | None]:
        """Return the answers in order, and why there are fewer than lines."""
        conversation = _Conversation(b"".join(lines), len(lines))
        try:
            self._converse(conversation, time.monotonic() + timeout_seconds)
            if conversation.open:
                raise ProgramFailedError(f"the program took longer than {timeout_seconds:g} s")
            if conversation.unfinished:
                raise TooManyAnswersError("the program wrote more output than expected")
        except TooManyAnswersError as failure:
            return [], failure
        except ProgramFailedError as failure:
            return conversation.answers, failure
        return conversation.answers, None

    def _converse(self, conversation: _Conversation, end: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(self._stdin, selectors.EVENT_WRITE)
            writing = True
            while conversation.open and (left := end - time.monotonic()) > 0:
                found = selector.select(min(left, _LOOK_SECONDS))
                if not found and not self.running:
                    raise ProgramFailedError(f"the program ended with {self._status()}")
                for key, _ in found:
                    if key.fileobj is self._stdout:
                        self._read(conversation)
                    else:
                        self._write(conversation)
                if writing and not conversation.unsent:
                    selector.unregister(self._stdin)
                    writing = False

    def finish(self) -> None:
        """Tell it that no more input follows, so that it may end by itself."""
        with contextlib.suppress(OSError):
            self._stdin.close()

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, or for this many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(seconds, 0))

    def terminate(self) -> None:
        """Ask it to end, with all of its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGTERM)

    def let_go(self) -> None:
        """Close its pipes once it has ended and nobody asks it anymore."""
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                pipe.close()

    def _write(self, conversation: _Conversation) -> None:
        try:
            conversation.unsent = conversation.unsent[os.write(self._stdin.fileno(), conversation.unsent) :]
        except BlockingIOError:
            return
        except OSError:
            # It no longer reads; what it wrote before, and its status, arrive with the end of its output.
            conversation.unsent = memoryview(b"")

    def _read(self, conversation: _Conversation) -> None:
        chunk = os.read(self._stdout.fileno(), _READ_BYTES)
        if not chunk:
            raise ProgramFailedError(f"the program ended with {self._status()}")
        conversation.take(chunk)

    def _status(self) -> str:
        try:
            status = self._process.wait(_STATUS_SECONDS)
        except subprocess.TimeoutExpired:
            return "it closed its output but is still running"
        return f"status {status}" if status >= 0 else f"signal {-status}"


def kill(programs: Iterable[LineProcess]) -> None:
    """End programs and everything that they started, now. Safe to call while other threads use them."""
    ended = list(programs)
    for program in ended:
        processes.end_group(program.pid)
    if ended:  # one scan of all processes for all of them
        processes.end_marked(_MARK, *(program.mark for program in ended))
    for program in ended:
        program.wait(_STATUS_SECONDS)


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
            if not self.open:
                raise TooManyAnswersError("the program wrote more lines than it received")
            self.answers.append(_answer(line))
        if len(self._part) > LONGEST_LINE_BYTES and self.open:
            raise ProgramFailedError(f"the program wrote a line of more than {LONGEST_LINE_BYTES:,} bytes")


def _answer(line: bytes) -> str:
    """Return a word of the protocol, which is never masked, and a reason."""
    said = line.decode(errors="replace").strip()
    word, space, reason = said.partition(" ")
    if word not in _WORDS:
        found = shortened(said, _LONGEST_SHOWN)
        raise ProgramFailedError(f"expected ok, error REASON or dead REASON from the program, found {found!r}")
    return f"{word} {shortened(reason, _LONGEST_REASON)}" if space else word


def _pass_on(stderr: IO[bytes], say: Callable[[str], None]) -> None:
    """Pass on what a program writes to its standard error, until the last of its processes has closed it."""
    lines = BoundedLines(LONGEST_LINE_BYTES)
    with stderr:
        while chunk := os.read(stderr.fileno(), _READ_BYTES):
            for line in lines.of(chunk):
                say(line)
    for line in lines.rest():
        say(line)


def _opened(pipe: IO[bytes] | Any) -> IO[bytes]:
    if pipe is None:
        raise AssertionError("Popen was told to make it")
    return pipe
