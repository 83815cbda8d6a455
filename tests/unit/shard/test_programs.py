"""The programs of `command` in the real process of a shard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.harness import is_running, wait_for
from tests.shard_process import ShardProcess

if TYPE_CHECKING:
    from pathlib import Path


def command(script: str) -> dict[str, Any]:
    return {"name": "index", "type": "command", "command": ["sh", "-c", script], "timeout": "60s"}


def test_a_lost_lease_ends_a_program_that_hangs_with_all_that_it_started(tmp_path: Path) -> None:
    away = "setsid sh -c 'echo $$ >> pids; exec sleep 600' &"
    shard = ShardProcess(tmp_path, [command(f"echo warm >&2; {away} echo $$ >> pids; read a; sleep 600 & wait")])
    shard.initialize().records(1)
    assert shard.wait_for_event("command.output")["message"] == "warm"
    pids = tmp_path / "pids"
    wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 2, "both run")
    shard.memory.lose()
    shard.records()
    assert shard.wait() == 80
    wait_for(lambda: not any(is_running(int(pid)) for pid in pids.read_text().split()), "all have ended", seconds=5)
    shard.kill()


def test_a_program_sees_no_credentials_of_the_worker_and_what_env_names(tmp_path: Path) -> None:
    secrets = {"AWS_SECRET_ACCESS_KEY": "k", "RECORD_PROCESSOR_STREAM_NAME": "n", "NAMED": "yes", "RP_PROCESS": "mark"}
    action = command("env > seen; read a; echo ok") | {"env": ["NAMED", "MODE=fast"]}
    shard = ShardProcess(tmp_path, [action], env=secrets)
    shard.initialize().records(1)
    shard.wait_for_checkpoint(1)
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    assert not {"AWS_SECRET_ACCESS_KEY", "RECORD_PROCESSOR_STREAM_NAME", "RP_ACTIONS", "RP_LEASE_FILE"} & seen.keys()
    assert (seen["NAMED"], seen["MODE"], seen["RP_PROCESS"]) == ("yes", "fast", "mark")
    shard.kill()
