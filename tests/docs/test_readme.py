"""The README's blocks, pasted in their order into one clean shell."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.servers.process import free_port, require

MOST_LINES = 150
SECONDS = 300


def environment(home: Path) -> dict[str, str]:
    """The environment of a new login, with the programs that the README asks for, and earlier downloads."""
    programs = [shutil.which(name) for name in ("python3", "java", "mvn")]
    folders = dict.fromkeys([*(str(Path(one).parent) for one in programs if one), "/usr/bin", "/bin"])
    without_ours = [folder for folder in folders if not folder.startswith(str(ROOT))]
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    java = {name: os.environ[name] for name in ("JAVA_HOME",) if name in os.environ}
    return {"HOME": str(home), "PATH": ":".join(without_ours), "XDG_CACHE_HOME": cache, "TMPDIR": str(home), **java}


def pasted(marker: str, port: int) -> str:
    """All blocks, on a port that is free for sure. scripts/test is not started, since it is what runs this."""
    text = "\n".join(f"{block.text}echo {marker}" for block in blocks() if block.page == "README.md")
    return re.sub(r"(?m)^scripts/test\b", "test -x scripts/test", text).replace("8000", str(port))


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_LINES


def test_every_block_of_the_readme_is_for_the_shell() -> None:
    assert {block.language for block in blocks() if block.page == "README.md"} == {"sh"}


@pytest.fixture
def shown(tmp_path: Path) -> list[str]:
    """What the shell shows, block by block. It ends at the first command that fails."""
    require("java")
    require("mvn")
    marker, port, script = uuid.uuid4().hex, free_port(), tmp_path / "pasted.sh"
    script.write_text(pasted(marker, port))
    # The scripts take the port from there; everything else of a reader's shell is as it was.
    variables = {**environment(tmp_path), "ENDPOINT_URL": f"http://localhost:{port}"}
    output = (tmp_path / "shown.txt").open("w+")
    command = ["bash", "--noprofile", "--norc", "-e", str(script)]
    # Not a pipe: what lives on after a failure would hold it open.
    with (
        output,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as shell,
    ):
        try:
            status = shell.wait(SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
        output.seek(0)
        text = output.read()
    assert status == 0, text
    return text.split(f"{marker}\n")


def test_every_block_works_when_pasted_in_order_into_a_clean_shell(shown: list[str]) -> None:
    first, _install, database, written, arrived, looked_at, stopped, rest = shown
    assert_demo_is_readable(first)
    assert '"TableName": "Phones"' in database
    assert written == "worker.properties: OK: 2 actions\n"
    assert [json.loads(line)["eventName"] for line in arrived.splitlines() if line.startswith("{")] == ["INSERT"] * 4
    assert len(re.findall(r"handler\.print: INSERT \w+", looked_at)) == 4
    assert "Confusing Phone" in looked_at
    assert stopped.splitlines()[-1] == "stopped"
    assert rest == ""


def assert_demo_is_readable(shown: str) -> None:
    """Each change appears before the action's line for it, an item's changes in order, and then what to do next."""
    lines = [line.strip() for line in shown.splitlines()]
    writes = [line.removeprefix("write").strip() for line in lines if line.startswith("write ")]
    assert len(writes) == 6
    assert [line.removeprefix("action").strip() for line in lines if line.startswith("action ")] == writes
    assert all(lines.index(f"write   {change}") < lines.index(f"action  {change}") for change in writes)
    assert "==> 6 of 6 changes reached the action" in lines
    assert ". .venv/bin/activate" in lines
    assert [line for line in shown.splitlines() if len(line) > 100] == []
