"""`scripts/demo` shows the main job, readably, also where nobody looks at a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


_COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9]m")


def test_the_demo_shows_each_change_before_its_action_and_says_what_to_do_next() -> None:
    command = [sys.executable, "-m", "record_processor.local.demo"]
    environment = os.environ | {"NO_COLOR": "1", "FORCE_COLOR": "1", "COLUMNS": "200"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    lines = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line).strip() for line in run.stdout.splitlines()]
    writes = [line.removeprefix("write").strip() for line in lines if line.startswith("write ")]
    actions = [line.removeprefix("action").strip() for line in lines if line.startswith("action ")]
    assert len(writes) == 6
    assert actions == writes, "an item's changes reach the action in their order"
    for change in writes:
        assert lines.index(f"write   {change}") < lines.index(f"action  {change}")
    assert ". .venv/bin/activate" in lines
    assert [line for line in lines if len(line) > 100] == []
    assert not _COLOUR.search(run.stdout)
