"""The real forker, `python -m record_processor.shard --forker`, spoken to as the JVM speaks, and what it forks."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import uuid
from typing import TYPE_CHECKING, Any

from record_processor.system import shard_environment
from tests.harness import wait_for
from tests.shard_process import PATIENCE_SECONDS, ShardProcess

if TYPE_CHECKING:
    from pathlib import Path


class Forked:
    """A forked process, with what the tests use of `subprocess.Popen`."""

    def __init__(self, forker: Forker, number: int, pipes: Path) -> None:
        self.pid = forker.answer("started", number)["pid"]
        self.stdin = (pipes.with_suffix(".in")).open("wb")
        self.stdout = (pipes.with_suffix(".out")).open("rb")
        self.stderr = (pipes.with_suffix(".err")).open("rb")
        self._forker = forker
        self._number = number

    def poll(self) -> int | None:
        ends = [one["status"] for one in self._forker.answers if one["is"] == "exited" and one["id"] == self._number]
        return ends[0] if ends else None

    def wait(self, seconds: float) -> int:
        wait_for(lambda: self.poll() is not None, "the end of a forked process", seconds)
        status = self.poll()
        assert status is not None
        return status

    def kill(self) -> None:
        self._forker.say({"do": "kill", "id": self._number})


class Forker:
    """Begins at once, for one list of actions."""

    def __init__(self, folder: Path, actions: list[dict[str, Any]], env: dict[str, str] | None = None) -> None:
        self.folder = folder
        (folder / "warm.json").write_text(json.dumps({"actions": actions, "secrets": []}))
        self.answers: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        values = {shard_environment.ACTIONS: str(folder / "warm.json"), shard_environment.REGION: "us-west-2"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "record_processor.shard", "--forker"],
            cwd=folder,
            env={**os.environ, **values, shard_environment.PROCESS: "0" * 36, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def start(self, environment: dict[str, str]) -> int:
        """Ask for a process; return its number."""
        number = next(self._numbers)
        marked = {shard_environment.PROCESS: str(uuid.uuid4()), **environment}
        pipes = str(self.folder / f"pipes-{number}")
        self.say({"do": "start", "id": number, "pipes": pipes, "environment": marked})
        return number

    def open(self, number: int) -> Forked:
        """Open the pipes of a process that was asked for."""
        forked = Forked(self, number, self.folder / f"pipes-{number}")
        self.say({"do": "opened", "id": number})
        return forked

    def say(self, request: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self, kind: str, number: int) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [one for one in list(self.answers) if (one["is"], one["id"]) == (kind, number)]

        wait_for(lambda: found() or self.process.poll() is not None, f"{kind} {number}", PATIENCE_SECONDS)
        assert found(), f"the forker ended with {self.process.poll()}"
        return found()[0]

    def close(self) -> tuple[int, list[dict[str, Any]]]:
        """End its input, as the JVM does by ending; return its status and what it logged."""
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        status = self.process.wait(PATIENCE_SECONDS)
        with self.process.stderr as log:
            events = [] if log.closed else [json.loads(line) for line in log]
        self._reader.join(PATIENCE_SECONDS)
        return status, events

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as answers:
            for line in answers:
                self.answers.append(json.loads(line))


class ForkedShardProcess(ShardProcess):
    """A shard process that a forker has forked."""

    def __init__(self, forker: Forker, folder: Path, actions: list[dict[str, Any]], **options: Any) -> None:
        self._forker = forker
        folder.mkdir(exist_ok=True)
        super().__init__(folder, actions, **options)

    def _begin(self, environment: dict[str, str]) -> Any:
        return self._forker.open(self._forker.start(environment))
