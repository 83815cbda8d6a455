"""A host's clocks are what the cluster says: while it sleeps one of them stands still, and nothing else shows it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.builders import LeaseMemory
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


# A lease as a shard process has it: says, whenever it is asked, whether it is held, and what its monotonic clock is.
HOLDER = """
import pathlib, sys, time
from record_processor.delivery.lease import Lease
lease = Lease(pathlib.Path(sys.argv[1]))
for _ in sys.stdin:
    print(int(lease.work_may_begin), int(lease.lost), time.monotonic(), flush=True)
"""


def test_a_lease_ran_out_when_its_host_wakes_up_though_the_monotonic_clock_stood_still(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    memory = LeaseMemory(tmp_path / "lease")
    command = [sys.executable, "-c", HOLDER, str(memory.path)]
    environment = {**os.environ, **clock.environment}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        questions, answers = process.stdin, process.stdout
        assert questions is not None
        assert answers is not None

        def asked() -> list[float]:
            print(file=questions, flush=True)
            return [float(word) for word in answers.readline().split()]

        memory.hold(2)
        held, _, before = asked()
        assert held
        process.send_signal(signal.SIGSTOP)
        time.sleep(2.1)  # the host's sleep
        clock.sleep(2 * SECOND)
        process.send_signal(signal.SIGCONT)
        held, lost, after = asked()
        assert after - before < 1, "the test's clock did not stand still"
        assert (held, lost) == (0, 0)
        memory.hold(2)
        assert asked()[0], "a renewal after it came through"
        questions.close()
