"""Where the letters of skipped records go."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from record_processor.delivery.dead_letter_writer import DeadLetterWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.delivery.blocks import Blocks
    from record_processor.delivery.fence import Fence
    from record_processor.delivery.low_water_mark import LowWaterMark
    from record_processor.records.stream import Shard

FILE = "skipped/{action}.jsonl"
"""In the working directory of the worker, for actions without dead letters."""


def letters_of_skipped(
    own: DeadLetterWriter | None, action: str, shard: Shard, fence: Fence, mark: LowWaterMark, blocks: Blocks
) -> Callable[[], DeadLetterWriter]:
    """Return what returns it: the action's own dead letters, or a file that is opened when it is needed."""

    @functools.cache
    def writer() -> DeadLetterWriter:
        if own is not None:
            return own
        # Imported only now: few shards ever need it.
        from record_processor.dead_letters.settings import FileDeadLetter

        return DeadLetterWriter(FileDeadLetter(path=FILE), action, shard, fence, mark, blocks)

    return writer
