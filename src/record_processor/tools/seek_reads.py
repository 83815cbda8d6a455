"""What a seek has to know of the streams."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from record_processor.aws.clients import explained
from record_processor.errors import SetupError
from record_processor.fleet import lags
from record_processor.fleet.oldest_records import Position

if TYPE_CHECKING:
    from record_processor.fleet.lineage import Lineage
    from record_processor.fleet.oldest_records import Oldest, OldestRecords

_PAUSE_SECONDS = 0.5
_MOST_READS = 40
# An open shard has pages without records between others, where records were trimmed.
_MOST_EMPTY_PAGES = 10


def oldest_of(reader: OldestRecords, lineage: Lineage) -> dict[str, float | None]:
    """Return when each shard's oldest record was created; None for a shard that has none.

    Raises:
        SetupError: a shard cannot be read.
    """
    arn = lineage.stream.arn
    return _created(
        reader, {one.shard_id: Position(arn, one.shard_id, is_closed=one.is_closed) for one in lineage.shards}
    )


def left_of(reader: OldestRecords, lineage: Lineage) -> dict[str, float]:
    """Return when the first record after each shard's checkpoint was created, for shards that have one.

    It may be done and not saved yet: what matters is that it is not done in vain.

    Raises:
        SetupError: a shard cannot be read.
    """
    positions = {one.shard_id: lags.position_of(lineage, one, None, begins_at_latest=False) for one in lineage.shards}
    known = {shard_id: position for shard_id, position in positions.items() if position is not None}
    return {shard_id: at for shard_id, at in _created(reader, known).items() if at is not None}


def _created(reader: OldestRecords, left: dict[str, Position]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for _ in range(_MOST_READS):
        answers: dict[Position, Oldest] = reader.read(list(left.values()))
        found |= {name: answers[at].created_at for name, at in left.items() if answers[at].is_known}
        left = {name: at for name, at in left.items() if name not in found}
        if not left:
            return found
        time.sleep(_PAUSE_SECONDS)
    (first, *_) = left.values()
    raise SetupError(f"shard {first.shard_id} of {first.stream_arn} could not be read: run the command again")


def numbers_until(streams: Any, arn: str, shard_id: str, last: str) -> list[str]:
    """Return the sequence numbers of a shard's records, from the oldest to the first that is not before `last`.

    Raises:
        SetupError: the shard cannot be read.
    """
    found: list[str] = []
    empty_pages = 0
    with explained(f"shard {shard_id} of {arn}", "kinesisEndpoint"):
        begin = streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")
        iterator: str | None = begin["ShardIterator"]
        while iterator is not None and empty_pages < _MOST_EMPTY_PAGES:
            page = streams.get_records(ShardIterator=iterator)
            numbers = [record["dynamodb"]["SequenceNumber"] for record in page["Records"]]
            found += numbers
            if numbers and int(numbers[-1]) >= int(last):
                break
            iterator = page.get("NextShardIterator")
            if not numbers and iterator is not None:
                empty_pages += 1
                time.sleep(_PAUSE_SECONDS)
    return found
