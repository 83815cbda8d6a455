"""The example of an action from another package, installed and run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness import Database, Worker, run_command, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    StartWorker = Callable[..., Worker]

EXAMPLE = Path(__file__).parents[2] / "examples" / "shouting"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the example was installed into."""
    folder = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", folder, EXAMPLE], check=True)
    return folder


def test_it_is_listed_and_explained_from_its_own_types(installed: Path) -> None:
    listed = run_command("actions", PYTHONPATH=str(installed)).stdout
    assert "shout        Appends the keys of each changed item to a file, in capitals." in listed
    assert "[record-processor-shouting]" in listed
    explained = run_command("actions", "shout", PYTHONPATH=str(installed)).stdout
    assert "marks (default 1): How many exclamation marks (1 to 9)." in explained
    assert "  - name: news\n    type: shout\n    path: news.txt" in explained
    assert '"ShoutSettings"' in run_command("schema", PYTHONPATH=str(installed)).stdout


def test_mistakes_in_its_settings_are_answered_like_those_of_ours(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "worker.properties").write_text("applicationName = a\nstreamName = Table\n")
    (tmp_path / "actions.yaml").write_text("actions:\n- name: a\n  type: shout\n  path: .\n  marks: 12\n")
    answer = run_command("check", "worker.properties", cwd=tmp_path, PYTHONPATH=str(installed))
    assert (answer.returncode, "Traceback" in answer.stderr) == (2, False)
    assert "actions.yaml:5: actions[0].marks: expected `int` <= 9, found 12" in answer.stderr


def test_changes_reach_it(
    installed: Path, database: Database, worker: StartWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")]))
    table = database.table()
    database.put_many(table, ["a", "b"])
    running = worker(table, actions="actions: [{name: news, type: shout, path: news.txt, marks: 3}]")
    news = tmp_path / "news.txt"
    wait_for(lambda: news.exists() and len(news.read_text().splitlines()) == 2, "both")
    assert news.read_text() == '{"ID": "A"}!!!\n{"ID": "B"}!!!\n'
    assert running.stop() == 0


def test_two_packages_with_one_name_are_refused(tmp_path: Path) -> None:
    for package in ("first", "second"):
        information = tmp_path / f"{package}-1.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (information / "entry_points.txt").write_text("[record_processor.actions]\nsqs = nowhere:Action\n")
    (tmp_path / "worker.properties").write_text("applicationName = a\nstreamName = Table\n")
    (tmp_path / "actions.yaml").write_text("actions: [{name: a, type: log}]\n")
    answer = run_command("check", "worker.properties", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert answer.returncode == 2
    assert "the type 'sqs' is provided by first and record-processor and second: uninstall one of them" in answer.stderr


def test_a_package_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    information = tmp_path / "broken-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    entries = "[record_processor.actions]\nnowhere = nowhere:Action\nnothing = json:JSONDecoder\n"
    (information / "entry_points.txt").write_text(entries)
    (tmp_path / "worker.properties").write_text("applicationName = a\nstreamName = Table\n")
    (tmp_path / "actions.yaml").write_text("actions:\n- {name: a, type: nowhere}\n- {name: b, type: nothing}\n")
    answer = run_command("check", "worker.properties", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert "actions[0].type: the package broken cannot load nowhere:Action: ModuleNotFoundError" in answer.stderr
    assert "actions[1].type: the package broken names json:JSONDecoder, which is no action" in answer.stderr
    assert "Traceback" not in answer.stderr
