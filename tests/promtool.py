"""Prometheus and its promtool, of this machine or Debian's: what is missing is fetched, or the failure says why."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

_FINDS = Path(__file__).parents[1] / "scripts/promtool"


def promtool() -> str:
    """Return the path of the program that checks."""
    return _found("promtool")


def prometheus() -> str:
    """Return the path of the server."""
    return _found("prometheus")


@functools.cache
def _found(program: str) -> str:
    answer = subprocess.run([_FINDS, program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()
