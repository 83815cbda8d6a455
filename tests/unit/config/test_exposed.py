"""Files of the configuration that other users can read or write."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from record_processor.config import exposed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def nothing_found_yet() -> None:
    exposed.forget()


def said(path: Path, mode: int, *, holds_secrets: bool) -> list[str]:
    path.touch()
    path.chmod(mode)
    exposed.look_at(path, holds_secrets=holds_secrets)
    return exposed.found()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660, 0o400])
def test_a_secret_that_only_user_and_group_can_read_is_well(tmp_path: Path, mode: int) -> None:
    assert said(tmp_path / "secret", mode, holds_secrets=True) == []


def test_what_holds_no_secret_may_be_read_by_all(tmp_path: Path) -> None:
    assert said(tmp_path / "actions.yaml", 0o644, holds_secrets=False) == []


@pytest.mark.parametrize(
    ("mode", "holds_secrets", "says"),
    [
        (0o644, True, "can read it (mode 0644): chmod o-r "),
        (0o606, True, "can read and write it (mode 0606): chmod o-rw "),
        (0o646, False, "can write it (mode 0646): chmod o-w "),
    ],
)
def test_a_file_that_others_can_use_is_named_with_what_to_do(
    tmp_path: Path, mode: int, holds_secrets: bool, says: str
) -> None:
    path = tmp_path / "file"
    (problem,) = said(path, mode, holds_secrets=holds_secrets)
    assert problem.startswith(f"{path}: every user of this host ")
    assert says in problem


def test_a_folder_in_which_anybody_can_put_another_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    assert "put another in its place" in said(folder / "file", 0o600, holds_secrets=True)[0]
    exposed.forget()
    folder.chmod(0o1777)
    assert said(folder / "file", 0o600, holds_secrets=True) == []


def test_check_warns_of_each_such_file_once_and_answers_0(tmp_path: Path) -> None:
    secret, properties, actions = (tmp_path / name for name in ("secret", "worker.properties", "actions.yaml"))
    secret.write_text("hunter22")
    secret.chmod(0o604)
    reference = f"${{file:{secret}}}"
    properties.write_text("applicationName = app\nstreamName = Orders\nregionName = eu-west-1\nlogFormat = json\n")
    properties.chmod(0o606)
    actions.write_text(
        f"actions:\n- {{name: a, type: command, command: [sh], env: ['A={reference}', 'B={reference}']}}\n"
    )
    actions.chmod(0o644)
    command = [sys.executable, "-m", "record_processor", "check", str(properties)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    warnings = [json.loads(line) for line in answer.stderr.splitlines()]
    assert [line["event"] for line in warnings] == ["configuration.exposed"] * 2
    assert [line["message"].split(":")[0] for line in warnings] == [str(properties), str(secret)]
    assert "hunter22" not in answer.stderr
