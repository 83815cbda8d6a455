"""A host's clocks are what the cluster says: while it sleeps one stands still, and it knows of nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.cluster.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

SECOND = 1_000_000_000

# Waits for 0.2 s in each of Python's ways, and says how long that was by both clocks.
WAITS = """
import queue, threading, time
def clocks():
    return time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME)
begun = clocks()
threading.Event().wait(0.2)
time.sleep(0.2)
try:
    queue.SimpleQueue().get(timeout=0.2)
except queue.Empty:
    pass
print(*(end - begin for begin, end in zip(begun, clocks())), time.monotonic())
"""


def test_a_process_of_a_host_that_slept_has_a_monotonic_clock_that_stood_still_and_waits_as_long_as_it_says(
    tmp_path: Path,
) -> None:
    clock = Clock(tmp_path)
    clock.sleep(7 * SECOND)
    environment = {**os.environ, **clock.environment}
    said = subprocess.run([sys.executable, "-c", WAITS], env=environment, capture_output=True, check=True, text=True)
    by_monotonic, by_boottime, monotonic = map(float, said.stdout.split())
    assert 0.6 <= by_monotonic < 5
    assert abs(by_boottime - by_monotonic) < 0.1
    assert 6.5 < time.monotonic() - monotonic < 7.5
