"""`run --reload`: a saved source file ends the process of a shard, which starts again with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from record_processor.shard.reload import SourceWatch
from record_processor.system import process_end, shard_environment, working_directory
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WELL = "def handle(event, context): print('well')"
FAILS = "def handle(event, context): raise OSError('no')"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ShardProcess]]:
    running: list[ShardProcess] = []

    def begin(code: str, last_end: str = "none") -> ShardProcess:
        action = python_action(tmp_path, code, startup="handlers:handle") if "startup" in code else None
        actions = [action or python_action(tmp_path, code)]
        running.append(ShardProcess(tmp_path, actions, last_end, env={shard_environment.RELOAD: "1"}))
        return running[-1].initialize()

    yield begin
    for process in running:
        process.kill()


def test_a_blocked_record_is_tried_with_what_was_saved_and_its_failures_are_forgotten(
    start: Callable[..., ShardProcess],
) -> None:
    first = start(FAILS)
    first.records(1)
    first.wait_for_event("delivery.blocked")
    (first.folder / "handlers.py").write_text(WELL)
    assert first.wait() == first.confirmed == process_end.RELOAD
    assert first.of("shard.reloading")[0]["path"] == str(first.folder / "handlers.py")
    again = start(WELL, "reload")
    again.records(1)
    again.wait_for_checkpoint(1)
    assert not again.of("delivery.blocked")


@pytest.mark.parametrize(
    ("code", "event"),
    [("def handle(:", "shard.failed"), ("def handle():  # as startup\n  raise OSError", "handler.startup_failed")],
)
def test_what_cannot_begin_waits_for_the_next_save(start: Callable[..., ShardProcess], code: str, event: str) -> None:
    shard = start(code)
    shard.wait_for_event(event)
    shard.wait_for_event("shard.waiting")
    (shard.folder / "handlers.py").write_text(WELL)
    assert shard.wait() == process_end.RELOAD


def test_what_cannot_begin_waits_no_longer_than_its_lease(start: Callable[..., ShardProcess]) -> None:
    shard = start("def handle(:")
    shard.wait_for_event("shard.waiting")
    shard.memory.ask_to_stop()
    assert shard.wait() == process_end.STOPPED


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourceWatch:
    for name in ("shop/orders.py", ".git/hook.py", "env/lib.py", "node_modules/x.py", "shop/data.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "env/pyvenv.cfg").write_text("")
    monkeypatch.setattr(working_directory, "path", lambda: tmp_path)
    return SourceWatch(lambda _path: None)


def test_only_sources_of_the_users_own_count(watch: SourceWatch, tmp_path: Path) -> None:
    assert watch.change() is None
    for name in (".git/hook.py", "env/lib.py", "node_modules/x.py", "shop/data.json"):
        (tmp_path / name).write_text("changed")
    assert watch.change() is None


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("x"),
        lambda path: os.utime(path, (1, 1)),
        Path.unlink,
        lambda path: (path.parent / "new.py").touch(),
    ],
)
def test_a_file_that_is_saved_removed_or_made_is_a_change(
    watch: SourceWatch, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    change(tmp_path / "shop/orders.py")
    assert str(watch.change()).startswith(str(tmp_path / "shop"))
