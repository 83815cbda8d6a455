"""Lambda's partial batch response, as handlers, functions and webhooks may answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.actions.base import PartialFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.worker.records import ChangeRecord


class BatchItemFailure(Exception):  # noqa: N818 - Lambda's name for it
    """The answer names this record, or one before it, in `batchItemFailures`."""


class InvalidBatchResponse(Exception):  # noqa: N818 - what was answered, not what was raised
    """The answer cannot be understood, so the whole batch counts as failed, as in Lambda."""


def raise_failures(answer: Any, records: Sequence[ChangeRecord]) -> None:
    """Raise PartialFailure where an answer says that records failed, and InvalidBatchResponse where it makes no sense.

    Everything from the first failure on comes again, since the records of a shard are in order. No answer, no list, or
    an empty one mean that all is well. An item without an identifier, or with one that is not in the batch, fails the
    whole batch: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    items = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not items:
        return
    positions = {record.sequence_number: position for position, record in enumerate(records)}
    try:
        first = min(positions[item["itemIdentifier"]] for item in items)
    except (KeyError, TypeError):
        raise InvalidBatchResponse(f"batchItemFailures has an item that is not in the batch: {items!r}") from None
    raise PartialFailure({position: BatchItemFailure(str(answer)) for position in range(first, len(records))})
