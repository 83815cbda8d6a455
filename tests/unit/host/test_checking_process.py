"""`python -m record_processor.config`, as the commands start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SHOWS = """
import os, sys, warnings
print("printed", os.environ["PARTNER"])
sys.stderr.write("written " + repr(os.environ["PARTNER"]) + "\\n")
warnings.warn("warned of " + os.environ["PARTNER"])
assert sys.stdout.buffer and sys.stdout.fileno() == 1
def handle(event, context): pass
"""


@pytest.mark.parametrize("end", ["", "os._exit(3)", "raise ValueError(os.environ['PARTNER'])"])
def test_what_a_module_shows_of_a_secret_while_it_is_imported_is_masked(end: str, tmp_path: Path) -> None:
    (tmp_path / "handlers.py").write_text(SHOWS + end)
    path = tmp_path / "actions.yaml"
    path.write_text(
        "actions: [{name: orders, type: python, handler: 'handlers:handle', "
        "dead_letter: {type: file, path: '/tmp/${PARTNER}'}}]"
    )
    reads, writes = os.pipe()  # its end would end the process
    checked = subprocess.run(
        [sys.executable, "-m", "record_processor.catalog", str(path)],
        cwd=tmp_path,
        env={**os.environ, "PARTNER": "Hq7-wörd"},
        stdin=reads,
        capture_output=True,
    )
    os.close(reads)
    os.close(writes)
    assert (
        b"printed ***" in checked.stderr and b"written '***'" in checked.stderr and b"warned of ***" in checked.stderr
    )
    assert b"Hq7" not in checked.stderr
    if checked.stdout:
        answer = json.loads(checked.stdout)
        assert "Hq7" not in json.dumps(answer.get("mistakes", []))
