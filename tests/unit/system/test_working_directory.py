"""A handler's `os.chdir` moves nobody's files: in the real process, over its protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from pathlib import Path

WANDERS = """
import os
os.makedirs("elsewhere", exist_ok=True)
os.chdir("elsewhere")
def handle(event, context):
    os.chdir("/")
    raise ValueError("a dead letter")
"""


def test_relative_paths_belong_to_the_directory_of_the_start(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nwhile read -r line; do pwd >> where; echo ok; done\n")
    program.chmod(0o755)
    letters: dict[str, Any] = {"dead_letter": {"type": "file", "path": "dead/"}, "retry": {"max_attempts": 1}}
    actions = [
        python_action(tmp_path, WANDERS, **letters),
        {"name": "copy", "type": "file", "path": "copy.jsonl"},
        {"name": "program", "type": "command", "command": ["./program"]},
    ]
    process = ShardProcess(tmp_path, actions).initialize()
    try:
        process.records(1)
        process.wait_for_checkpoint(1)
        process.records(2)
        process.wait_for_checkpoint(2)
    finally:
        process.kill()
    assert len((tmp_path / "copy.jsonl").read_text().splitlines()) == 2
    assert len((tmp_path / "dead/orders.jsonl").read_text().splitlines()) == 2
    assert set((tmp_path / "where").read_text().splitlines()) == {str(tmp_path)}
    assert list((tmp_path / "elsewhere").iterdir()) == []
