"""Orders from the page: one at a time, each in a process of its own, as if it had been typed in a terminal.

So an order does exactly what its command does, and the code of handlers, which a replay runs, is never in the console.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.console import order as orders
from record_processor.console.answers import Answer, of_data, refuse
from record_processor.errors import SetupError
from record_processor.fleet.orders_item import VIA_VARIABLE
from record_processor.logs.terminal import say
from record_processor.text.redaction import redacted
from record_processor.text.safe_text import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_MOST_LINES = 100
_LONGEST_LINE = 2_000
_END_SECONDS = 5.0


class Outcome(msgspec.Struct, frozen=True):
    """The last order, and what its command has said."""

    number: int
    """Counts them; 0: there was none."""
    command: str
    said: list[str]
    status: int | None
    """Its exit status; None while it runs."""


class _Job:
    def __init__(self, number: int, shown: str, arguments: list[str]) -> None:
        self.number = number
        self.shown = shown
        self._said: deque[str] = deque(maxlen=_MOST_LINES)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "record_processor", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, VIA_VARIABLE: "console"},
        )
        self.status: int | None = None
        threading.Thread(target=self._read, name="order", daemon=True).start()

    def outcome(self) -> Outcome:
        return Outcome(self.number, self.shown, list(self._said), self.status)

    def end(self) -> None:
        """Ask it to end."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def wait(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        with self._process.stdout as lines:
            for line in lines:
                self._said.append(printable(redacted(shortened(line.rstrip("\n"), _LONGEST_LINE, mark="…"))))
        self.status = self._process.wait()
        _log(f"exit status {self.status}: {self.shown}")


class OrderDesk:
    """Takes orders for the application of a properties file. Thread-safe."""

    def __init__(self, properties: Path, overrides: Iterable[str]) -> None:
        self._properties = properties
        # What the command says is for people, whatever the worker's log is for.
        self._overrides = [f"--set={one}" for one in (*overrides, "logFormat=text", "metricsFormat=prometheus")]
        self._lock = threading.Lock()
        self._job: _Job | None = None

    def take(self, body: bytes) -> Answer:
        """Begin what is ordered; the answer is its outcome so far."""
        try:
            verb, rest = orders.command(orders.read(body))
        except SetupError as error:
            return refuse(400, printable(str(error)))
        name = str(self._properties.absolute())
        arguments = [*verb, *self._overrides, "--", name, *rest]
        shown = printable(redacted(shlex.join(["record-processor", *verb, self._properties.name, *rest])))
        with self._lock:
            if self._job is not None and self._job.status is None:
                return refuse(409, f"another order is being carried out: {self._job.shown}")
            _log(shown)
            number = self._job.number + 1 if self._job is not None else 1
            self._job = job = _Job(number, shown, arguments)
        return of_data(job.outcome())

    def stop(self, _body: bytes) -> Answer:
        """Have the command end that runs; what it has done stays done."""
        job = self._job
        if job is None or job.status is not None:
            return refuse(409, "no order is being carried out")
        job.end()
        return of_data(job.outcome())

    def outcome(self, _query: Mapping[str, Any]) -> Answer:
        job = self._job
        return of_data(Outcome(0, "", [], None) if job is None else job.outcome())

    def close(self) -> None:
        """End what runs."""
        if self._job is not None and self._job.status is None:
            self._job.end()
            self._job.wait()


def _log(text: str) -> None:
    """Say on the console's terminal, or in its log, what was ordered there."""
    say(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}", err=True)
