"""The files of docs/how-to/test-a-handler.md are a project whose tests pass."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs/how-to/test-a-handler.md"


def test_the_documents_first_test_passes_as_it_stands(tmp_path: Path) -> None:
    files = dict(re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE))
    assert sorted(files) == ["actions.yaml", "shop.py", "test_shop.py"]
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "3 passed" in run.stdout, run.stdout + run.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("_")) == sorted(files)
