"""Records that KCL delivers again to a process that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.records.raw_record import RawRecord

log = Log("worker.delivery")


def without_repeated(records: Sequence[RawRecord], newest: int) -> Sequence[RawRecord]:
    """Leave out what was taken in before: everything up to the sequence number of the newest.

    When KCL believes that a read hangs, it reads again from after the last records that this process has answered for,
    so those in progress arrive twice; a jump of the host's clock is enough. A shard's sequence numbers only grow.
    """
    if not records or int(records[0].sequence_number) > newest:
        return records
    new = [record for record in records if int(record.sequence_number) > newest]
    log.info("records.repeated", f"KCL has read {len(records) - len(new)} records again; they are left out")
    return new
