"""The unit for systemd: systemd accepts it, it is hardened, and it waits for a worker that stops."""

from __future__ import annotations

import functools
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from record_processor.catalog.actions_file import read_actions
from tests.deploy.kit import DEPLOY, ROOT, configuration, stop_seconds

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = DEPLOY / "systemd"
UNIT = FOLDER / "record-processor.service"
PROGRAM = "/opt/record-processor/bin/record-processor"
# systemd's own sum of what a service may do, times ten: up to 20 is its "OK" for one that talks to the network.
MOST_EXPOSED = 18


@functools.cache
def systemd_analyze() -> str:
    found = subprocess.run([ROOT / "scripts/systemd-analyze"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def verified(folder: Path, text: str) -> str:
    """Return what systemd says of the unit; its program, which is not installed here, is one that exists."""
    unit = folder / UNIT.name
    unit.write_text(text.replace(PROGRAM, "/bin/true"))
    answer = subprocess.run(
        [systemd_analyze(), "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    # A wrong key is a line, and no failure.
    return answer.stdout + answer.stderr + (f"exit status {answer.returncode}" if answer.returncode else "")


def settings(name: str) -> list[str]:
    return re.findall(rf"(?m)^{name}=(.*)$", UNIT.read_text())


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    assert verified(tmp_path, UNIT.read_text()) == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("ProtectClock=yes", "ProtectClok=yes"), ("Type=exec", "Type=exe"), ("TimeoutStopSec=40", "TimeoutStopSec=soon")],
)
def test_a_mistake_in_the_unit_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    assert right in UNIT.read_text()
    assert "ignoring" in verified(tmp_path, UNIT.read_text().replace(right, wrong))


def test_the_service_may_do_little_that_it_does_not_need() -> None:
    command = [systemd_analyze(), "security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(UNIT)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_systemd_waits_for_a_worker_that_stops() -> None:
    (seconds,) = settings("TimeoutStopSec")
    assert int(seconds) >= stop_seconds(FOLDER / "worker.properties")
    # SIGTERM to the worker alone: shard processes that got one too would end before their calls.
    assert settings("KillMode") == ["mixed"]
    assert settings("KillSignal") == ["SIGTERM"]


def test_a_configuration_with_errors_is_not_started_again_and_again() -> None:
    # systemd looks at the exit status of ExecStart for this, and of nothing that runs before it.
    assert settings("RestartPreventExitStatus") == ["2"]
    assert settings("ExecStartPre") == []
    assert settings("ExecStart") == [f"{PROGRAM} run worker.properties"]


def test_the_example_configuration_is_accepted() -> None:
    assert configuration(FOLDER / "worker.properties").monitoring
    assert read_actions(FOLDER / "actions.yaml")


def test_the_unit_names_files_that_exist() -> None:
    named = re.findall(r"\bdocs/[\w./-]+\.md", UNIT.read_text())
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
