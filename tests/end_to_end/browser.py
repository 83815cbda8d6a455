"""A real browser for the console's tests: Chromium, without a window."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

_FETCH = Path(__file__).parents[2] / "scripts" / "chromium"
# In a container root has no sandbox, and /dev/shm is small. It is to ask nobody for anything.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@cache
def chromium() -> str:
    """Return the program; where there is none, it is fetched once. A test never does without one."""
    answer = subprocess.run([str(_FETCH)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()
