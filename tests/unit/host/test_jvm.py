from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from record_processor.host.jvm import Jvm
from tests.harness import is_running, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals_as_before")
def test_what_a_worker_started_ends_with_it_also_in_a_session_of_its_own(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    # `set -m`: the next process has its own group, as shard processes have, and here no marker either.
    script = f"""
        sleep 600 & echo $! >> {pids}
        setsid sh -c 'echo $$ >> {pids}; exec sleep 600' &
        set -m; env -i sleep 600 & echo $! >> {pids}
        while [ $(wc -l < {pids}) -lt 3 ]; do sleep 0.01; done
    """
    jvm = Jvm(["bash", "-c", script], {}, 1.0)
    with jvm._process:  # closes its pipes, which in the command live as long as it does
        assert jvm.wait() == 0
    started = [int(pid) for pid in pids.read_text().split()]
    wait_for(lambda: not any(map(is_running, started)), "all have ended", seconds=5)


@pytest.mark.usefixtures("signals_as_before")
def test_a_signal_that_another_thread_gets_stops_it_too() -> None:
    """The kernel chooses the thread, and only the main one carries out what a signal means."""
    jvm = Jvm(["cat"], {}, 1.0)  # ends when its standard input does

    def get_it() -> None:
        time.sleep(0.5)  # the main thread waits by then
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    other = threading.Thread(target=get_it)
    killer = threading.Timer(20, jvm._process.kill)
    other.start()
    killer.start()
    with jvm._process:
        assert jvm.wait() == 0
    killer.cancel()
    other.join()
    assert jvm.is_stopping
