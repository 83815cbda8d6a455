"""`record-processor init`: what it makes works as it is, and nothing that is there is touched."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from record_processor.errors import SetupError
from record_processor.tools.init import init
from tests.harness import run_command

if TYPE_CHECKING:
    from pathlib import Path

FILES = ["actions.yaml", "handlers.py", "records.json", "test_handlers.py", "worker.properties"]


def test_every_file_of_a_new_project_runs(tmp_path: Path) -> None:
    made = run_command("init", "shop", "--table", "Carts", cwd=tmp_path)
    project = tmp_path / "shop"
    assert (made.returncode, made.stderr) == (0, "")
    assert sorted(path.name for path in project.iterdir()) == FILES
    assert "  cd shop" in made.stdout.splitlines()

    checked = run_command("check", "worker.properties", cwd=project)
    assert (checked.returncode, checked.stdout) == (0, "worker.properties: OK: 2 actions\n")

    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(project)]
    tested = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert "2 passed" in tested.stdout, tested.stdout + tested.stderr

    tried = run_command("try", "worker.properties", "records.json", cwd=project)
    assert tried.stdout.splitlines()[-2:] == ["handler: 2 sent", "archive: 2 sent"]
    assert (tried.returncode, (project / "changes" / "Carts.jsonl").read_text().count("\n")) == (0, 2)


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "handlers.py").write_text("mine")
    with pytest.raises(SetupError, match=r"has handlers.py already; nothing was written"):
        init(tmp_path, "Orders", None)
    assert [path.name for path in tmp_path.iterdir()] == ["handlers.py"]
    with pytest.raises(SetupError, match=r"handlers.py: is not a folder"):
        init(tmp_path / "handlers.py", "Orders", None)


def test_a_region_is_written_where_it_is_given(tmp_path: Path) -> None:
    init(tmp_path / "a", "Orders", "eu-west-1")
    init(tmp_path / "b", "Orders", None)
    assert "\nregionName = eu-west-1\n" in (tmp_path / "a" / "worker.properties").read_text()
    assert "\n#regionName = us-east-1\n" in (tmp_path / "b" / "worker.properties").read_text()


@pytest.mark.parametrize(
    ("table", "region", "message"),
    [
        ("a b", None, "--table: expected a table's name, .* found 'a b'"),
        ("Orders\n", None, "--table: expected a table's name"),
        ("Orders", "EU", "--region: expected a region of AWS, such as eu-west-1 .*, found 'EU'"),
    ],
)
def test_what_cannot_be_a_name_is_refused(table: str, region: str | None, message: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=message):
        init(tmp_path / "new", table, region)
    assert not (tmp_path / "new").exists()
