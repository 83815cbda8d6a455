"""`run --reload`, from a saved file to the record that was blocked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.harness import Worker, run_command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Database

ACTIONS = "actions: [{name: shop, type: python, handler: 'shop:handle'}]"
FAILS = "def handle(event, context):\n    raise OSError('no')\n"
CANNOT_BE_IMPORTED = "def handle(:\n"
WELL = "def handle(event, context):\n    print('mended')\n"


def test_a_saved_handler_reaches_the_blocked_record_within_three_seconds(database: Database, tmp_path: Path) -> None:
    handler = tmp_path / "shop.py"
    handler.write_text(FAILS)
    table = database.table()
    database.put(table, "a")
    worker = Worker(tmp_path, database, f"reload-{table}", (table,), ACTIONS, {}, arguments=["--reload"])
    try:
        worker.wait_for_event("delivery.blocked", 3)
        handler.write_text(CANNOT_BE_IMPORTED)
        worker.wait_for_event("shard.waiting")
        handler.write_text(WELL)
        saved = time.monotonic()
        worker.wait_for_event("handler.print")
        assert time.monotonic() - saved < 3
        assert not worker.of("shard.process_ended") + worker.of("shard.crash_loop")
        assert worker.stop() == 0
    finally:
        worker.end()


def test_reload_is_refused_for_aws(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(WELL)
    (tmp_path / "actions.yaml").write_text(ACTIONS)
    path = tmp_path / "worker.properties"
    path.write_text("applicationName = a\nstreamName = Orders\nregionName = us-west-2\n")
    refused = run_command("run", str(path), "--reload", cwd=tmp_path)
    assert (refused.returncode, "so it is AWS" in refused.stderr) == (2, True), refused.stderr
