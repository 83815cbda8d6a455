from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from record_processor.daemon.jvm import Jvm
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
    script = f"sleep 600 & echo $! >> {tmp_path}/pids; setsid sh -c 'echo $$ >> {tmp_path}/pids; exec sleep 600' &"
    jvm = Jvm(["sh", "-c", f"{script} while [ $(wc -l < {tmp_path}/pids) -lt 2 ]; do sleep 0.01; done"], {}, 1.0)
    with jvm._process:  # closes its pipes, which in the command live as long as it does
        assert jvm.wait() == 0
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    wait_for(lambda: not any(map(is_running, pids)), "all have ended", seconds=5)
