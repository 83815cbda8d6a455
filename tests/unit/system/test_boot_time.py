from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.system import boot_time

if TYPE_CHECKING:
    import pytest


def test_the_time_that_java_makes_of_uptime_is_the_same_or_a_little_behind() -> None:
    ahead = boot_time.ahead_of_uptime_seconds()
    java = float(Path("/proc/uptime").read_text().split()[0]) + ahead
    assert 0 <= boot_time.now_ns() / 1e9 - java < 2.5


def test_where_uptime_counts_from_the_start_of_a_container_java_is_told_and_never_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uptime").write_text("100.00 1.00\n")
    monkeypatch.setattr(boot_time, "now_ns", lambda: 7_100_900_000_000)
    assert boot_time.ahead_of_uptime_seconds(tmp_path / "uptime") == 6999


def test_without_an_uptime_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert boot_time.ahead_of_uptime_seconds(tmp_path / "none") == 0


def test_the_clock_is_the_one_that_goes_on_while_the_host_sleeps() -> None:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert before <= boot_time.now_ns() <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)
