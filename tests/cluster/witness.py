"""A handler that notes what it is called with before it returns: `[when, who, shard, [[item, counter], ...]]` per line.

Copied into each host's folder, and loaded there by the worker's `python` action.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any


def handle(event: dict[str, Any], context: Any) -> None:
    # The clock that keeps counting while a host sleeps: the same on all hosts, however the others are set.
    begun = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    changes = [record["dynamodb"] for record in event["Records"]]
    acts = [[change["Keys"]["id"]["S"], int(change["NewImage"]["n"]["N"])] for change in changes]
    line = json.dumps([begun, os.getpid(), context.shard_id, acts]) + "\n"
    # One write a line: a kill leaves none cut that another process could append to.
    file = os.open("witness.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(file, line.encode())
    os.close(file)
    if os.path.exists("start-descendant"):  # noqa: PTH110 - a path object costs more than the question
        start_descendant()


def refuse(event: dict[str, Any], _context: Any) -> None:
    """Fail until the record is skipped."""
    raise RuntimeError(f"refused: {event['Records'][0]['dynamodb']['Keys']['id']['S']}")


def start_descendant() -> None:
    """In one of the host's shard processes: start a process that outlives it, with its output and error open."""
    try:
        os.unlink("start-descendant")  # noqa: PTH108
    except FileNotFoundError:
        return
    import subprocess

    descendant = subprocess.Popen(["sleep", "600"])
    with open("descendant.new", "w") as file:  # noqa: PTH123
        json.dump([os.getpid(), descendant.pid], file)
    os.replace("descendant.new", "descendant.json")  # noqa: PTH105
