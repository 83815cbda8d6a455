"""The configuration of every kit is one that this worker accepts: an unknown property or action is an error."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.deploy.kit import DEPLOY, ROOT
from tests.harness import run_command

if TYPE_CHECKING:
    from pathlib import Path

KITS = sorted(DEPLOY.rglob("*.properties"))


def test_every_platform_has_a_configuration() -> None:
    folders = [str(file.parent.relative_to(DEPLOY)) for file in KITS]
    assert folders == ["ecs", "kubernetes/worker", "systemd"]


@pytest.mark.parametrize("file", KITS, ids=lambda file: str(file.relative_to(DEPLOY)))
def test_a_worker_accepts_the_configuration(file: Path) -> None:
    answer = run_command("check", str(file))
    assert answer.returncode == 0, answer.stderr
    assert "1 action" in answer.stdout


@pytest.mark.parametrize("file", KITS, ids=lambda file: str(file.relative_to(DEPLOY)))
def test_the_guides_name_the_folder_of_the_configuration(file: Path) -> None:
    guides = "".join(guide.read_text() for guide in (ROOT / "docs/how-to").glob("deploy-*.md"))
    assert str(file.parent.relative_to(ROOT)) in guides


def test_a_property_that_is_unknown_is_found(tmp_path: Path) -> None:
    shutil.copytree(KITS[0].parent, tmp_path, dirs_exist_ok=True)
    file = tmp_path / KITS[0].name
    file.write_text(file.read_text().replace("metricsPort", "metricPort"))
    answer = run_command("check", str(file))
    assert answer.returncode == 2
    assert "metricPort" in answer.stderr
