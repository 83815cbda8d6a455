"""`run --debug`, typed at as a person types, for longer than every limit that would end a call."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from tests.harness import Worker, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Database

ACTIONS = "actions: [{name: shop, type: python, handler: 'shop:handle', timeout: 2s}]"
STOPS = "def handle(event, context):\n    breakpoint()\n    print('done')\n"
# The shortest that there is; a failover takes as long as it, and a renewal a third.
LIMITS = {"stuckAfterMillis": "5000", "failoverTimeMillis": "3000"}
# Passes its arguments' command what is typed, and keeps what that shows.
TYPED = (
    "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:], stdin=open('typed'), stdout=open('shown', 'w')))"
)


def test_a_call_that_is_stopped_in_for_long_costs_neither_its_lease_nor_a_second_attempt(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").write_text(STOPS)
    os.mkfifo(tmp_path / "typed")
    keyboard = os.open(tmp_path / "typed", os.O_RDWR)
    table = database.table()
    database.put(table, "a")
    prefix, arguments = [sys.executable, "-c", TYPED], ["--debug", "shop"]
    worker = Worker(tmp_path, database, f"debug-{table}", (table,), ACTIONS, LIMITS, prefix, arguments=arguments)
    try:
        wait_for(lambda: (tmp_path / "shown").exists() and "(Pdb) " in (tmp_path / "shown").read_text(), "a prompt")
        time.sleep(6)  # what is tested is that this much time changes nothing
        os.write(keyboard, b"continue\n")
        worker.wait_for_event("handler.print")
        ended = ["shard.process_ended", "shard.stuck", "handler.timeout", "lease.lost", "delivery.blocked"]
        assert [event for name in ended for event in worker.of(name)] == []
        assert len(worker.of("shard.started")) == 1
    finally:
        worker.end()
        os.close(keyboard)
