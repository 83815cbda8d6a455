"""The real process of a shard, `python -m record_processor.shard`, spoken to as KCL speaks, without a JVM."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from record_processor.system import shard_environment
from tests.builders import ARN, LeaseMemory, adapter_json
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PATIENCE_SECONDS = 20.0


class ShardProcess:
    """Begins at once. `said` is what it answered, `events` what it logged; checkpoints are granted."""

    def __init__(
        self,
        folder: Path,
        actions: list[dict[str, Any]],
        last_end: str = "none",
        trials: bool = True,
        grace_millis: str = "2000",
        env: dict[str, str] | None = None,
        secrets: Sequence[str] = (),
        log_level: str = "info",
    ) -> None:
        self.folder = folder
        self.memory = LeaseMemory(folder / "lease")
        (folder / "actions.json").write_text(json.dumps({"actions": actions, "secrets": list(secrets)}))
        self.trials_path = folder / "trials"
        self.said: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.checkpoints: list[str | None] = []
        self._asked = self._answers = 0
        if self.trials_path.exists():
            with self.trials_path.open("r+b") as file:
                file.write(b"\0")  # as the Java side does before each start
        given = {**self._environment(last_end, trials, grace_millis), shard_environment.LOG_LEVEL: log_level}
        self.process = self._begin({**given, **(env or {})})
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read_answers, self._read_log)]
        for thread in self._threads:
            thread.start()

    def _begin(self, environment: dict[str, str]) -> Any:
        """Start it, with this in addition to the environment of the tests."""
        return subprocess.Popen(
            [sys.executable, "-m", "record_processor.shard"],
            cwd=self.folder,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def _environment(self, last_end: str, trials: bool, grace_millis: str) -> dict[str, str]:
        values = {
            shard_environment.ACTIONS: str(self.folder / "actions.json"),
            shard_environment.CHECKPOINT_INTERVAL_MILLIS: "0",
            shard_environment.GRACE_MILLIS: grace_millis,
            shard_environment.LEASE_FILE: str(self.memory.path),
            shard_environment.LOG_LEVEL: "info",
            shard_environment.REGION: "us-west-2",
            shard_environment.STREAM_ARN: ARN,
            shard_environment.LAST_END: last_end,
        }
        return {**values, shard_environment.TRIALS_FILE: str(self.trials_path)} if trials else values

    def initialize(self, sequence_number: str = "TRIM_HORIZON") -> ShardProcess:
        where = {"sequenceNumber": sequence_number, "subSequenceNumber": 0}
        self.say({"action": "initialize", "shardId": "shardId-1", **where})
        return self

    def records(self, *numbers: int, **overrides: Any) -> None:
        """Give it records, each of its own item unless something else is said (`builders.adapter_json`)."""
        records = []
        for number in numbers:
            keys = {"Keys": {"id": {"N": str(number)}}, **overrides}
            records.append([str(number), adapter_json(SequenceNumber=str(number), **keys)])
        self.say({"action": "processRecords", "millisBehindLatest": None, "jsonRecords": records})

    def say(self, message: dict[str, Any]) -> None:
        """The next message, once the one before is answered: so KCL speaks."""
        wait_for(lambda: self._answers == self._asked or self.process.poll() is not None, "an answer", PATIENCE_SECONDS)
        self._asked += 1
        self._write(message)

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def of(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in list(self.events) if entry["event"] == event]

    def wait_for_event(self, event: str) -> dict[str, Any]:
        self._wait_for(lambda: bool(self.of(event)), event)
        return self.of(event)[0]

    def wait_for_checkpoint(self, number: int) -> None:
        """Ask for it, as KCL does with its empty reads."""

        def saved() -> bool:
            self.records()
            return str(number) in self.checkpoints

        self._wait_for(saved, f"checkpoint {number}")

    def _wait_for(self, condition: Callable[[], bool], what: str) -> None:
        wait_for(lambda: self.process.poll() is not None or condition(), what, PATIENCE_SECONDS)
        if self.process.poll() is not None:
            self.wait()
        assert condition(), f"no {what}; checkpoints {self.checkpoints}, status {self.process.poll()}, {self.events}"

    def wait(self) -> int:
        """The exit status, once it has ended by itself."""
        status: int = self.process.wait(PATIENCE_SECONDS)
        for thread in self._threads:
            thread.join(2)  # what a handler left running may hold a pipe open
        return status

    def close(self) -> int:
        """The exit status after the end of its input."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        return self.wait()

    def kill(self) -> None:
        """End it, and all that its handlers left in its group."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.close()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None and not any(thread.is_alive() for thread in self._threads):
                pipe.close()

    @property
    def confirmed(self) -> int:
        """The exit status as it wrote it itself."""
        return self.trials_path.read_bytes()[0]

    def _read_answers(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if not line.strip():
                continue
            message = json.loads(line)
            self.said.append(message)
            if message["action"] == "status":
                self._answers += 1
            if message["action"] == "checkpoint":
                self._write({**message, "error": None})
                self.checkpoints.append(message["sequenceNumber"])

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.events.append(json.loads(line))
            except json.JSONDecodeError:
                self.events.append({"event": "output", "message": line.decode()})


def python_action(folder: Path, code: str, **settings: Any) -> dict[str, Any]:
    """Return an action whose handler is `handle` in this code."""
    (folder / "handlers.py").write_text(code)
    return {"name": "orders", "type": "python", "handler": "handlers:handle", **settings}
