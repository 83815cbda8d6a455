"""Lambda's partial batch response, which handlers, functions and webhooks may return."""

from __future__ import annotations

import json
from types import AsyncGeneratorType, GeneratorType
from typing import TYPE_CHECKING, Any

from record_processor.errors import ActionError, PartialFailure
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.records.change_record import ChangeRecord


_FAILURES = "batchItemFailures"
_LONGEST_SHOWN = 100


class BatchItemFailure(Exception):  # noqa: N818 - Lambda's name for it
    """The answer names this record, or one before it, in `batchItemFailures`."""


class InvalidBatchResponse(Exception):  # noqa: N818 - what was answered, not what was raised
    """The answer cannot be understood, so the whole batch counts as failed, as in Lambda."""


class UnexpectedAnswerError(ActionError):
    """A handler returned an invalid value, so its batch counts as failed.

    A generator has run nothing yet, and a misspelt `batchItemFailures` does not say what failed: if such values counted
    as success, the records would be lost without a trace.
    """

    def __init__(self, answer: Any) -> None:
        super().__init__(
            f"the handler returned {_shown(answer)}; expected None, or a partial batch response: "
            '{"batchItemFailures": [{"itemIdentifier": SEQUENCE_NUMBER}]}'
        )


def check_handlers_answer(answer: Any) -> None:
    """Raise UnexpectedAnswerError if a handler's return value is neither None nor Lambda's response."""
    if answer is None or (isinstance(answer, dict) and (not answer or _FAILURES in answer)):
        return
    raise UnexpectedAnswerError(answer)


def _shown(answer: Any) -> str:
    if isinstance(answer, (GeneratorType, AsyncGeneratorType)):
        return f"a generator ({answer.__name__}), so that nothing of it has run: it has a yield in it"
    try:
        text = repr(answer)
    except Exception:  # the user's own __repr__
        text = "a value"
    return f"{shortened(text, _LONGEST_SHOWN, mark='…')} ({type(answer).__name__})"


def parsed(content: bytes) -> Any:
    """Return what a remote side answered; None if it is not JSON, which is allowed.

    Raises:
        InvalidBatchResponse: it begins to name failed records, and the rest of it cannot be read.
    """
    try:
        return json.loads(content or b"null")
    except (ValueError, RecursionError):
        if _FAILURES.encode() not in content:
            return None
    raise InvalidBatchResponse(
        f"the response contains {_FAILURES}, but is not JSON, is nested too deeply, or is too long"
    )


def raise_failures(answer: Any, records: Sequence[ChangeRecord]) -> None:
    """Raise PartialFailure if an answer names failed records, and InvalidBatchResponse if it makes no sense.

    Everything from the first failure on is retried, since the records of a shard are in order. No answer, no list, or
    an empty list means success. An item without an identifier, or with one that is not in the batch, fails the whole
    batch: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    items = answer.get(_FAILURES) if isinstance(answer, dict) else None
    if not items:
        return
    positions = {record.sequence_number: position for position, record in enumerate(records)}
    try:
        first = min(positions[item["itemIdentifier"]] for item in items)
    except (KeyError, TypeError):
        raise InvalidBatchResponse(f"{_FAILURES} has an item that is not in the batch: {_shown(items)}") from None
    failure = BatchItemFailure(f"the response names it, or an earlier record: {_shown(answer)}")
    raise PartialFailure(dict.fromkeys(range(first, len(records)), failure))
