"""The demo's worker: a process of its own; the demo shows the important lines of its log."""

from __future__ import annotations

import collections
import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from record_processor.local.demo_screen import DemoScreen

_PATIENCE_SECONDS = 60.0
_KEPT_LINES = 200
_SHOWN = frozenset({"worker.starting", "shard.started", "worker.stopping", "shard.stopped", "worker.stopped"})
_SHOWN_LEVELS = frozenset({"warning", "error"})


class DemoWorker:
    """`record-processor run`, and what its action `show` received."""

    def __init__(self, screen: DemoScreen, endpoint: str) -> None:
        self._screen = screen
        overrides = [f"dynamoDBEndpoint={endpoint}", f"kinesisEndpoint={endpoint}", "logFormat=json"]
        self._command = [sys.executable, "-m", "record_processor", "run", "properties/local.properties"]
        self._command += [argument for override in overrides for argument in ("--set", override)]
        self._lines: collections.deque[bytes] = collections.deque(maxlen=_KEPT_LINES)
        self._is_reading = False
        self._has_ended = False
        self._changed = threading.Condition()
        self.received: dict[tuple[str, str], float] = {}
        """Event name and model, with the monotonic time at which the action received it."""
        self.status: int | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        with subprocess.Popen(self._command, stderr=subprocess.PIPE) as self._process:
            reader = threading.Thread(target=self._read)
            reader.start()
            try:
                yield
            finally:
                self.stop()
                reader.join()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self.status = self._process.wait(_PATIENCE_SECONDS)

    def wait_until_reading(self) -> None:
        self._wait(lambda: self._is_reading)

    def wait_for(self, changes: int) -> None:
        self._wait(lambda: len(self.received) >= changes)

    def log(self) -> str:
        """Return its last lines."""
        return b"".join(self._lines).decode(errors="replace")

    def _wait(self, reached: Callable[[], bool]) -> None:
        """Wait until it is reached, the worker has ended, or the time is over: the summary reports what is missing."""
        with self._changed:
            self._changed.wait_for(lambda: reached() or self._has_ended, _PATIENCE_SECONDS)

    def _read(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - Popen was told so
        for line in self._process.stderr:
            self._lines.append(line)
            with contextlib.suppress(ValueError):
                self._take(json.loads(line))
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _take(self, event: dict[str, Any]) -> None:
        if event["event"] == "record":
            self._take_record(event)
        elif event["event"] in _SHOWN or event["level"] in _SHOWN_LEVELS:
            self._screen.line(f"worker  {event['event']}: {event['message']}")
        with self._changed:
            self._is_reading |= event["event"] == "shard.started"
            self._changed.notify_all()

    def _take_record(self, event: dict[str, Any]) -> None:
        name = event["message"].split()[0]
        keys = event["keys"]
        self._screen.line(f"action  {name}  Company={keys['Company']} Model={keys['Model']}")
        with self._changed:
            self.received.setdefault((name, keys["Model"]), time.monotonic())
