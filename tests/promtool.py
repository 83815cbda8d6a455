"""The promtool of this machine, or Debian's: what is missing is fetched, or is a failure that says why."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

_FINDS = Path(__file__).parents[1] / "scripts/promtool"


@functools.cache
def promtool() -> str:
    """Return the path of the program."""
    found = subprocess.run([_FINDS], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()
