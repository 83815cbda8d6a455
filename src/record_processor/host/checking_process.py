"""The process that checks `actions.yaml`: it imports the user's handlers, so anything may happen in it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from record_processor.host.log_output import LogOutput
from record_processor.host.log_relay import LogRelay
from record_processor.logs import user_stderr
from record_processor.system import private_files
from record_processor.system.stop_signals import held_back

if TYPE_CHECKING:
    from pathlib import Path


def ask(actions_path: Path, *options: str) -> tuple[int, bytes]:
    """Return its exit status and its answer. Whatever it started is ended with it, also if this command is stopped."""
    command = [sys.executable, "-m", "record_processor.catalog", str(actions_path), *options]
    as_json = user_stderr.is_json()
    # A file, since a process started by a handler's module may keep a pipe open forever. It contains the secrets.
    with tempfile.TemporaryFile(dir=private_files.places()[0]) as answer:
        with held_back():
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # its end tells the process that this one is gone
                stdout=answer,
                stderr=subprocess.PIPE if as_json else None,
                start_new_session=True,
            )
        with process:
            try:
                relay = LogRelay(process.stderr, "json", LogOutput()) if process.stderr else None
                status = process.wait()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        if relay:
            relay.drain()
        answer.seek(0)
        return status, answer.read()
