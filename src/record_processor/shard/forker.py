"""The warm parent: imports once what every shard process needs, and forks one whenever the JVM asks for it.

What is imported before a fork is there at once afterwards, and its memory is shared. That works only as long as this
process has one thread and no connections, so it does nothing but wait: for the JVM's requests, and for the end of its
children, which only their parent learns.

It ends with its input, that is, with the JVM. Its children notice that their parent has changed (`delivery/lease.py`).
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

import msgspec

from record_processor.delivery.orders_file import OrdersView
from record_processor.errors import described
from record_processor.logs import log_events
from record_processor.shard import forked, process, warm_up
from record_processor.shard.forker_messages import Exited, Failed, Kill, Lines, Opened, Request, Start, Started
from record_processor.system import shard_environment, working_directory
from record_processor.system.named_pipes import NamedPipes

log = log_events.Log("worker.forker")

UNFIT = 86
"""The exit status that says: no process may be forked from this one, and another one would be no better."""

_READ_BYTES = 65_536
_SIGNALED = 128
# Of each size; more than what is usually free after the imports.
_GAPS_BYTES = 32_768
# An object `bytes` is this much larger than its content.
_BYTES_HEADER = sys.getsizeof(b"")


class Child(NamedTuple):
    """What a new process is to become."""

    start: Start
    pipes: NamedPipes


def main() -> NoReturn:
    """Get warm, serve the JVM until it is gone; in forked processes, become a shard process."""
    log_events.start(os.environ.get("RP_LOG_LEVEL", "info"), sys.stderr, log_events.as_json)
    working_directory.remember()
    _outlive_signals()
    _note_actions()
    gc.disable()  # a collection in the middle of imports would only cost time
    actions = warm_up.warm_up()
    if threads := _other_threads():
        log.warning(
            "forker.unavailable",
            f"preload has started threads ({threads}), and a process with threads cannot be forked: every shard "
            "process starts by itself, which takes longer and more memory. Remove preload, or start threads in a "
            "startup function",
        )
        os._exit(UNFIT)
    gc.collect()
    gc.freeze()  # collections in the children would otherwise write to, and so copy, all of this memory
    filling = _fill_gaps()  # noqa: F841 - kept for as long as the process lives
    child = Forker().serve()
    if child is None:
        os._exit(0)
    forked.become(child.pipes, child.start.environment)
    process.main(actions)


class Forker:
    """The shard processes that live, and the JVM's requests."""

    def __init__(self) -> None:
        # Children must not be able to speak to the JVM: its descriptors are ours alone, and 0 and 1 are theirs.
        self._input, self._output = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        os.close(nothing)
        self._ids: dict[int, int] = {}
        """The JVM's numbers of the processes that live, by process id."""
        self._pipes: dict[int, NamedPipes] = {}
        """Pipes that the JVM has not opened yet, by its number."""
        self._lines = Lines()
        self._ends, self._ends_written = _wakes_at_child_ends()

    def serve(self) -> Child | None:
        """Return None once the JVM is gone; in a forked process, what it is to become."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._input, selectors.EVENT_READ)
            selector.register(self._ends, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if self._ends in ready:
                    os.read(self._ends, _READ_BYTES)
                    self._report_ends()
                if self._input in ready:
                    arrived = os.read(self._input, _READ_BYTES)
                    if not arrived:
                        return None
                    for request in self._lines.requests(arrived):
                        if (child := self._handle(request)) is not None:
                            return child

    def _handle(self, request: Request) -> Child | None:
        if isinstance(request, Start):
            return self._start(request)
        if isinstance(request, Opened):
            self._let_go(request.id)
        elif isinstance(request, Kill):
            for pid in [pid for pid, number in self._ids.items() if number == request.id]:
                os.kill(pid, signal.SIGKILL)  # not reaped yet, so the id is still its own
        return None

    def _start(self, request: Start) -> Child | None:
        try:
            pipes = NamedPipes(Path(request.pipes))
            self._pipes[request.id] = pipes
            pid = os.fork()
        except OSError as error:  # no memory, no more processes or files allowed
            self._let_go(request.id)
            self._say(Failed(request.id, described(error)))
            return None
        if pid == 0:
            self._forget(pipes)
            return Child(request, pipes)
        self._ids[pid] = request.id
        self._say(Started(request.id, pid))
        return None

    def _forget(self, mine: NamedPipes) -> None:
        """In a forked process: close what belongs to the forker and to other children."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd in (self._input, self._output, self._ends, self._ends_written):
            os.close(fd)
        for pipes in self._pipes.values():
            if pipes is not mine:
                pipes.close()

    def _let_go(self, number: int) -> None:
        """Let only the two sides hold the pipes, so that each notices when the other is gone."""
        if (pipes := self._pipes.pop(number, None)) is not None:
            pipes.remove()
            pipes.close()

    def _report_ends(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, wait_status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if (number := self._ids.pop(pid, None)) is not None:
                    code = os.waitstatus_to_exitcode(wait_status)
                    self._say(Exited(number, code if code >= 0 else _SIGNALED - code))

    def _say(self, answer: Started | Failed | Exited) -> None:
        with contextlib.suppress(BrokenPipeError):  # the JVM is gone: the end of our input says so too
            _write_all(self._output, msgspec.json.encode(answer) + b"\n")


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _wakes_at_child_ends() -> tuple[int, int]:
    """Return a descriptor that becomes readable when a child ends, and the one that the signal writes to."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    os.set_blocking(reads, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    return reads, writes


def _note_actions() -> None:
    """Note in the environment of what is forked which actions this process is about to read."""
    if shard_environment.ORDERS_FILE in os.environ:
        number = OrdersView(Path(os.environ[shard_environment.ORDERS_FILE])).actions_number
        os.environ[shard_environment.ACTIONS_NUMBER] = str(number)


def _outlive_signals() -> None:
    """Ignore what service managers send to every process: this one ends with its input, after the shard processes."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
        signal.siginterrupt(number, False)


def _other_threads() -> str:
    """Describe threads besides this one, also those that Python does not know; empty if there are none."""
    count = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    if count == 1:
        return ""
    threading = sys.modules.get("threading")
    names = [thread.name for thread in threading.enumerate()[1:]] if threading is not None else []
    return ", ".join(names) or f"{count - 1} of C code"


def _fill_gaps() -> list[list[bytes]]:
    """Use up the free places between the objects that exist.

    Python puts new objects into gaps first. In a forked process each would cost a copy of the whole page that it is on;
    without gaps they are side by side on new pages.
    """
    return [[bytes(size - _BYTES_HEADER) for _ in range(_GAPS_BYTES // size)] for size in range(48, 513, 16)]
