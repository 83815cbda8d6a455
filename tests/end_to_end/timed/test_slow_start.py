"""A shard whose process ends before it has answered anything restarts as soon as any other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness import Database, Worker

ACTIONS = "actions: [{name: shop, type: python, handler: 'shop:handle', startup: 'shop:begin'}]"
# Twice longer than KCL needs to fill its queue.
SLOW = """
import pathlib, time
def handle(event, context): print("handled")
def begin():
    time.sleep(3)
    if not pathlib.Path("failed").exists():
        pathlib.Path("failed").touch()
        raise OSError("no database")
"""


def moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00"))


def test_a_startup_that_fails_after_seconds_is_tried_again_within_seconds(
    database: Database, worker: Callable[..., Worker], tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(SLOW)
    table = database.table()
    database.put(table, "a")
    running = worker(table, actions=ACTIONS)
    running.wait_for_event("handler.print")
    (ended,) = running.of("shard.process_ended")
    assert ended["reason"] == "actions"
    assert running.of("handler.startup_failed")[0]["message"].endswith("OSError: no database")
    # Three of them are the startup's own.
    assert moment(running.of("shard.started")[0]) - moment(ended) < timedelta(seconds=3 + 3)
