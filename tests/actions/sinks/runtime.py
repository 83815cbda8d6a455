"""A function in a runtime of Lambda's kind: a process with its code, called for one event after another."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from tests.actions.sinks.web import LambdaSink

_ROLE = "arn:aws:iam::123456789012:role/function"


class LambdaRuntimeSink(LambdaSink):
    """On its own server, which ends with it: whoever reaches such a server can run code."""

    def create(self) -> None:
        super().create()
        self.write((self._folder / f"{self.name}.py").read_text())

    def replace(self, code: str, seconds: int) -> None:
        """Another function under its name, which may take this long for an event."""
        self.client("lambda").delete_function(FunctionName=self.name)
        self.write(code, seconds)

    def write(self, code: str, seconds: int = 30) -> None:
        """Make the function of a text that has `handle(event, context)`."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr("code.py", code)
        functions = self.client("lambda")
        functions.create_function(
            FunctionName=self.name,
            Runtime="python3.12",
            Role=_ROLE,
            Handler="code.handle",
            Code={"ZipFile": packed.getvalue()},
            Timeout=seconds,
        )
        functions.get_waiter("function_active_v2").wait(
            FunctionName=self.name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
        )

    @property
    def aws(self) -> dict[str, Any]:
        return {**super().aws, "timeout": "20s"}  # a runtime's start takes a while

    def start(self) -> None:
        self.server.start()
        self.write((self._folder / f"{self.name}.py").read_text())
        self.faults.open()

    def end(self) -> None:
        super().end()
        self.server.stop()
