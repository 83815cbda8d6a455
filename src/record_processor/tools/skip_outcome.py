"""What becomes of an order to skip a record: whoever gave it waits here until the record is done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from record_processor.fleet.model import State
from record_processor.logs.terminal import say
from record_processor.tools import steer_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from record_processor.delivery.orders import Skip
    from record_processor.fleet.model import Application, Shard

_LONGEST_SECONDS = 20.0
_LETTER_SECONDS = 5.0
_PAUSE_SECONDS = 0.3


def wait(look: Callable[[], Application], skip: Skip, properties_path: Path) -> int:
    """Wait until the record no longer blocks, and say what happened; return the exit status."""
    end = time.monotonic() + _LONGEST_SECONDS
    is_done = False
    while time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
        shard = steer_names.shard(look(), skip.shard_id)
        if (place := _letter_of(shard, skip)) is not None:
            say(f"{skip.action} has given up record {skip.sequence_number}; its letter is in {place}")
            return 0
        if not is_done and _is_done(shard, skip.sequence_number):
            # Its process names the letter within seconds, unless it has ended: a reload, a stop or a takeover.
            is_done, end = True, min(end, time.monotonic() + _LETTER_SECONDS)
    if is_done:
        say(
            f"record {skip.sequence_number} is done, and saved as such, by a process that has ended since: if it was "
            "skipped, record.skipped in its worker's log says where its letter is"
        )
        return 0
    say(
        f"the order is given, and no worker has said within {_LONGEST_SECONDS:g} s that record {skip.sequence_number} "
        f"is given up: `record-processor status {properties_path}` shows why (a call that is running comes to its end "
        "first, and the letter must be stored)",
        err=True,
    )
    return 1


def _letter_of(shard: Shard, skip: Skip) -> str | None:
    """Return where the record's letter is; None if the shard's owner does not say that it was skipped."""
    wanted = (skip.sequence_number, skip.action)
    skipped = [one for one in shard.skipped if (one.sequence_number, one.action) == wanted]
    return f"{skipped[-1].dead_letter} (worker {shard.owner})" if skipped else None


def _is_done(shard: Shard, sequence_number: str) -> bool:
    """Return whether every action is done with a record, and that is saved: then it survives its process."""
    return shard.state is State.ENDED or steer_names.reaches(shard.checkpoint or "", sequence_number)
