"""`record-processor status --watch` beside the hosts, past every fault that the workers meet."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import TYPE_CHECKING, Any

from tests.harness import COMMAND, wait_for

if TYPE_CHECKING:
    from pathlib import Path

# A report, a look, and another one.
_SETTLE_SECONDS = 30.0
_QUIET = {"ended", "reading"}


class StatusObserver:
    """Looks every two seconds. It must not disturb the workers, and must say the truth when they are done."""

    def __init__(self, properties: Path) -> None:
        command = [*COMMAND, "status", str(properties), "--json", "--watch"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._said: list[dict[str, Any]] = []
        self._errors: list[str] = []
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read, self._read_errors)]
        for thread in self._threads:
            thread.start()

    def wrongs(self) -> list[str]:
        """End it once all is done; return what it said that was not true, or that it ended before."""
        if self._process.poll() is not None:
            return [f"it ended with {self._process.returncode}: {self._errors[-3:]}"]
        looks = len(self._said)
        try:
            wait_for(lambda: len(self._said) > looks and not unsettled(self._said[-1]), "it settles", _SETTLE_SECONDS)
        except AssertionError:
            last = self._said[-1] if self._said else {}
            return [f"it says after all is done: {unsettled(last)}"]
        return []

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join(5)
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.append(json.loads(line))

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        self._errors += self._process.stderr


def unsettled(status: dict[str, Any]) -> list[str]:
    """Return what is not as it is when nothing is to do."""
    if not status:
        return ["nothing"]
    return [
        f"{shard['shard_id']} {shard['state']} lag {shard['lag']['seconds']}"
        for shard in status["shards"]
        if shard["state"] not in _QUIET or shard["lag"]["seconds"] != 0
    ]
