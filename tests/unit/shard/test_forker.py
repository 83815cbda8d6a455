"""The warm parent: what it forks is a shard process like any other, and shares nothing that it must not."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.shard.forker import UNFIT
from record_processor.system import process_end, shard_environment
from tests.forker import ForkedShardProcess, Forker
from tests.harness import is_running, wait_for
from tests.shard_process import PATIENCE_SECONDS, python_action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Fork = Callable[..., ForkedShardProcess]

HANDLER = """
import os, pathlib, time
pathlib.Path('imported').open('a').write(f'{os.getpid()}\\n')

def handle(event, context):
    for record in event['Records']:
        keys = record['dynamodb']['Keys']['id']['N']
        if keys == '13':
            raise ValueError('again')
        pathlib.Path('done').open('a').write(keys + '\\n')
"""
TO_FILE = [{"name": "audit", "type": "file", "path": "audit.jsonl"}]


@pytest.fixture
def forkers() -> Iterator[list[Forker]]:
    started: list[Forker] = []
    yield started
    for forker in started:
        forker.close()


@pytest.fixture
def fork(tmp_path: Path, forkers: list[Forker]) -> Iterator[Fork]:
    """Fork processes from one forker, which is warm for the first one's actions."""
    running: list[ForkedShardProcess] = []

    def begin(actions: list[dict[str, Any]] = TO_FILE, **options: Any) -> ForkedShardProcess:
        if not forkers:
            forkers.append(Forker(tmp_path, actions))
        shard = ForkedShardProcess(forkers[0], tmp_path / f"shard-{len(running)}", actions, **options)
        running.append(shard)
        return shard

    yield begin
    for shard in running:
        if forkers[0].process.poll() is None and shard.process.poll() is None:
            shard.process.kill()
            shard.process.wait(PATIENCE_SECONDS)
        for pipe in (shard.process.stdin, shard.process.stdout, shard.process.stderr):
            pipe.close()


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def open_files(pid: int) -> set[str]:
    return {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()}


def test_a_forked_process_serves_its_shard_and_ends_in_order(fork: Fork, tmp_path: Path) -> None:
    shard = fork().initialize()
    shard.records(1, 2, 3)
    shard.wait_for_checkpoint(3)
    assert len(lines(tmp_path / "audit.jsonl")) == 3
    assert shard.close() == process_end.ORDERLY
    assert shard.confirmed == process_end.ORDERLY


def test_its_end_by_a_signal_is_told_as_a_shell_tells_it(fork: Fork) -> None:
    shard = fork()
    shard.process.kill()
    assert shard.process.wait(PATIENCE_SECONDS) == 128 + signal.SIGKILL
    assert shard.process.stdout.read() == b"", "its pipes end with it"


def test_the_end_of_one_is_seen_while_siblings_from_before_and_after_live(fork: Fork) -> None:
    before, shard, after = fork().initialize(), fork().initialize(), fork().initialize()
    shard.process.stdin.close()
    assert shard.wait() == process_end.ORDERLY
    assert shard.process.stdout.read() == b""
    for other in (before, after):
        other.records(1)
        other.wait_for_checkpoint(1)


def test_a_process_holds_nothing_of_the_forker_or_of_a_sibling(fork: Fork, forkers: list[Forker]) -> None:
    first = fork().initialize()
    unopened = forkers[0].start({})  # its pipes are still held by the forker
    forkers[0].answer("started", unopened)
    second = fork().initialize()
    second.records(1)
    second.wait_for_checkpoint(1)
    own = open_files(second.process.pid)
    speaks_with_jvm = {str(Path(f"/proc/{forkers[0].process.pid}/fd/{fd}").readlink()) for fd in (3, 4)}
    assert not own & speaks_with_jvm
    assert not [path for path in own if f"pipes-{unopened}." in path]
    assert not own & {path for path in open_files(first.process.pid) if "/pipes-" in path}
    assert not list(forkers[0].folder.glob("pipes-3.*")), "names are gone once both sides have the pipes"


def test_others_see_a_shard_process_with_its_own_marker(fork: Fork, forkers: list[Forker]) -> None:
    shard = fork(env={shard_environment.PROCESS: "12345678-1234-1234-1234-123456789abc"}).initialize()
    shard.records(1)
    shard.wait_for_checkpoint(1)
    seen = Path(f"/proc/{shard.process.pid}")
    assert b"RP_PROCESS=12345678-1234-1234-1234-123456789abc\0" in (seen / "environ").read_bytes()
    command = (seen / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    assert command[-2:] == [b"-m", b"record_processor.shard"]
    assert os.getpgid(shard.process.pid) == shard.process.pid
    assert b"--forker" in Path(f"/proc/{forkers[0].process.pid}/cmdline").read_bytes()


def test_a_handler_is_imported_after_the_fork(fork: Fork, tmp_path: Path) -> None:
    actions = [python_action(tmp_path, HANDLER)]
    shards = [fork(actions).initialize() for _ in range(2)]
    for shard in shards:
        shard.records(1)
        shard.wait_for_checkpoint(1)
    assert sorted(lines(tmp_path / "imported")) == sorted(str(shard.process.pid) for shard in shards)


def test_a_preloaded_handler_is_imported_once_in_the_forker(fork: Fork, forkers: list[Forker], tmp_path: Path) -> None:
    actions = [python_action(tmp_path, HANDLER, preload=True)]
    for shard in [fork(actions).initialize() for _ in range(2)]:
        shard.records(1)
        shard.wait_for_checkpoint(1)
    assert lines(tmp_path / "imported") == [str(forkers[0].process.pid)]
    assert lines(tmp_path / "done") == ["1", "1"]


def test_preload_that_starts_a_thread_is_named_and_nothing_is_forked(tmp_path: Path) -> None:
    code = (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), name='poller', daemon=True).start()\n"
    )
    forker = Forker(tmp_path, [python_action(tmp_path, code + "handle = print", preload=True)])
    assert forker.process.wait(PATIENCE_SECONDS) == UNFIT
    _, (event,) = forker.close()
    assert event["event"] == "forker.unavailable"
    assert "poller" in event["message"]


def test_preload_that_fails_is_reported_by_the_shard_process(fork: Fork, tmp_path: Path) -> None:
    actions = [python_action(tmp_path, "raise RuntimeError('no database')", preload=True)]
    shard = fork(actions)
    assert shard.wait() == process_end.ACTIONS
    assert "no database" in shard.wait_for_event("shard.failed")["message"]


def test_what_service_managers_send_to_every_process_ends_neither(fork: Fork, forkers: list[Forker]) -> None:
    shard = fork().initialize()
    shard.records(1)
    shard.wait_for_checkpoint(1)
    for pid in (forkers[0].process.pid, shard.process.pid):
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
    shard.records(2)
    shard.wait_for_checkpoint(2)
    other = fork().initialize()
    other.records(1)
    other.wait_for_checkpoint(1)


def test_a_process_whose_forker_died_begins_nothing_and_says_that_its_lease_is_lost(
    fork: Fork, forkers: list[Forker], tmp_path: Path
) -> None:
    shard = fork([python_action(tmp_path, HANDLER)]).initialize()
    shard.records(13)
    shard.wait_for_event("delivery.blocked")
    forkers[0].process.kill()
    forkers[0].process.wait()
    shard.records(14)
    wait_for(lambda: not is_running(shard.process.pid), "the end of an orphaned process", PATIENCE_SECONDS)
    assert shard.confirmed == process_end.LEASE_LOST


def test_the_forker_ends_with_its_input(tmp_path: Path) -> None:
    forker = Forker(tmp_path, TO_FILE)
    assert forker.close() == (0, [])


def test_a_process_that_cannot_be_forked_is_an_answer_with_a_reason(fork: Fork, forkers: list[Forker]) -> None:
    shard = fork().initialize()
    forkers[0].say({"do": "start", "id": 99, "pipes": "/nowhere/pipes", "environment": {}})
    assert "/nowhere/pipes.in" in forkers[0].answer("failed", 99)["why"]
    shard.records(1)
    shard.wait_for_checkpoint(1)


def test_random_numbers_of_siblings_differ(fork: Fork, tmp_path: Path) -> None:
    code = (
        "import random, pathlib\n"
        "def handle(event, context):\n"
        "    pathlib.Path('n').open('a').write(f'{random.random()}\\n')\n"
    )
    actions = [python_action(tmp_path, code, preload=True)]
    for shard in [fork(actions).initialize() for _ in range(2)]:
        shard.records(1)
        shard.wait_for_checkpoint(1)
    assert len(set(lines(tmp_path / "n"))) == 2


def test_multiprocessing_in_a_handler_starts_no_second_forker(fork: Fork, tmp_path: Path) -> None:
    code = (
        "import multiprocessing, pathlib\n"
        "def work():\n    pathlib.Path('worked').write_text('yes')\n"
        "def handle(event, context):\n"
        "    one = multiprocessing.get_context('spawn').Process(target=work)\n"
        "    one.start()\n    one.join()\n    assert one.exitcode == 0\n"
    )
    shard = fork([python_action(tmp_path, code)]).initialize()
    shard.records(1)
    shard.wait_for_checkpoint(1)
    assert (tmp_path / "worked").read_text() == "yes"


def test_messages_that_arrive_in_pieces_are_understood(tmp_path: Path) -> None:
    forker = Forker(tmp_path, TO_FILE)
    assert forker.process.stdin is not None
    message = json.dumps({"do": "start", "id": 1, "pipes": "/nowhere/x", "environment": {"A": "b" * 3000}}).encode()
    for piece in (message[:7], message[7:1500], message[1500:] + b"\n"):
        forker.process.stdin.write(piece)
        forker.process.stdin.flush()
    assert forker.answer("failed", 1)
    assert forker.close()[0] == 0
