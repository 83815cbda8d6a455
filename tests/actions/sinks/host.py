"""What works on this host: files, programs and functions of the user's."""

from __future__ import annotations

import logging
import sys
import uuid
from typing import TYPE_CHECKING, Any

from tests.actions.sinks.base import Arrived, Sink, of_lambda

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = """
import json, pathlib, sys, time
kept, plan = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
for number, line in enumerate(sys.stdin):
    fault = plan.read_text() if plan.exists() else ""
    if fault == "crash" and number == 5:
        plan.unlink()
        sys.exit(3)
    if fault == "slow":
        plan.unlink()
        time.sleep(3)
    if fault == "partly" and number % 2:
        if number > 6:
            plan.unlink()
        print("error not this one", flush=True)
        continue
    if "oversized" in line[:400]:
        print("dead at most 100 bytes", flush=True)
        continue
    with kept.open("a") as file:
        file.write(line)
    print("ok", flush=True)
"""


class HostSink(Sink):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept = folder / f"{uuid.uuid4().hex[:8]}.jsonl"

    def arrived(self) -> list[Arrived]:
        text = self.kept.read_text() if self.kept.exists() else ""
        return [of_lambda(line) for line in text.split("\n")[:-1]]


class FileSink(HostSink):
    type_name = "file"

    def settings(self) -> dict[str, Any]:
        return {"type": "file", "path": str(self.kept)}


class LogSink(Sink):
    """The worker's log."""

    type_name = "log"

    def __init__(self) -> None:
        self._logger = logging.getLogger("record_processor.actions.log")
        self._logger.setLevel(logging.INFO)
        self._handler = _Kept()
        self._logger.addHandler(self._handler)

    def settings(self) -> dict[str, Any]:
        return {"type": "log", "format": "lambda"}

    def arrived(self) -> list[Arrived]:
        return self._handler.kept

    def end(self) -> None:
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(logging.NOTSET)


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Arrived] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(of_lambda(vars(record)["record_processor_fields"]["record"]))


class PythonSink(HostSink):
    type_name = "python"

    def settings(self) -> dict[str, Any]:
        module = f"keep_{self.kept.stem}"
        (self.folder / f"{module}.py").write_text(
            "import json\n"
            "def handle(event, context):\n"
            f"    with open({str(self.kept)!r}, 'a') as file:\n"
            "        file.write(''.join(json.dumps(record) + '\\n' for record in event['Records']))\n"
        )
        return {"type": "python", "handler": f"{module}:handle"}


class CommandSink(HostSink):
    type_name = "command"

    def settings(self) -> dict[str, Any]:
        program = self.folder / "program.py"
        program.write_text(_PROGRAM)
        command = [sys.executable, str(program), str(self.kept), str(self.plan)]
        return {"type": "command", "command": command, "timeout": "2s"}

    @property
    def plan(self) -> Path:
        return self.folder / "plan"
