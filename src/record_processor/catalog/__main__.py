"""Checks an actions file in a process of its own: `python -m record_processor.catalog FILE [--needs]`.

Checking imports the handlers that the file names, and what they import. A worker's parent process must stay small and
must not run user code, so it asks this process. The answer is one JSON object on standard output (`check_report.py`).
"""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path

import msgspec

from record_processor.catalog.actions_file import read_file
from record_processor.catalog.check_report import NEEDS, CheckReport
from record_processor.config import exposed
from record_processor.errors import InvalidConfigError
from record_processor.text import redaction


def main() -> None:
    _end_with_parent()
    # What an imported handler prints must not get into the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout, sys.stderr = _Masked(1), _Masked(2)
    try:
        read = read_file(Path(sys.argv[1]))
        result = CheckReport(read.actions, redaction.remembered(), read.tables, exposed.found(), read.warnings)
        if NEEDS in sys.argv[2:]:
            from record_processor.catalog import needs  # for `iam` and `check --online` alone

            result.needs = needs.of_actions(read.built, read.file)
    except InvalidConfigError as error:
        result = CheckReport(mistakes=list(error.mistakes))
    with answer:
        answer.write(msgspec.json.encode(result))


class _Masked(io.TextIOWrapper):
    """Redact what modules print while they are imported: only this process knows the values of their settings yet."""

    def __init__(self, descriptor: int) -> None:
        # Opened again: Python's own stream remembers what the descriptor was before.
        stream = open(descriptor, "wb", closefd=False)  # noqa: SIM115 - for as long as the process lives
        super().__init__(stream, "utf-8", "backslashreplace", line_buffering=True)

    def write(self, text: str, /) -> int:
        super().write(redaction.redacted(text))
        return len(text)


def _end_with_parent() -> None:
    """End once standard input does, whatever the user's modules are doing: then the command that asked is gone."""
    parent = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait() -> None:
        os.read(parent, 1)
        os._exit(1)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


main()
