"""What an error of the AWS SDK means for the records of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.errors import ActionError, PermanentError
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from botocore.exceptions import BotoCoreError, ClientError

# The service examined the content and rejected it: another attempt with the same content would end the same way. All
# other codes are about circumstances (load, permissions, a queue that does not exist), which time or people fix.
_OF_ANY_SERVICE = frozenset(
    {
        "413",
        "RequestEntityTooLarge",
        "RequestEntityTooLargeException",
        "SerializationException",
        "ValidationError",
        "ValidationException",
    }
)
_ABOUT_CONTENT = {
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    "sqs": {
        "BatchRequestTooLong",
        "InvalidAttributeValue",
        "InvalidMessageContents",
        "InvalidParameterValue",
        "MessageTooLong",
    },
    # https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
    "sns": {"BatchRequestTooLong", "InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid"},
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
    "events": {
        "InvalidArgument",
        "MalformedDetail",
        "NotAuthorizedForDetailTypeException",
        "NotAuthorizedForSourceException",
        "RedactionFailure",
    },
    # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
    "kinesis": {"InvalidArgumentException"},
    # https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
    "firehose": {"InvalidArgumentException"},
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    "s3": {"EntityTooLarge", "InvalidURI", "KeyTooLongError", "MetadataTooLarge"},
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    "dynamodb": set(),
    # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    "lambda": {"InvalidParameterValueException", "InvalidRequestContentException", "RequestTooLargeException"},
}
"""By the SDK's name of a service: the codes that say that the content of a record is to blame."""
_LONGEST_MESSAGE = 500


def of_call(service: str, operation: str, error: BotoCoreError | ClientError) -> ActionError:
    """Describe the failure of a whole call in a sentence."""
    answer = _mapping(getattr(error, "response", None))
    details = _mapping(answer.get("Error"))
    said = f"{details.get('Code')}: {details.get('Message')}" if details else f"{type(error).__name__}: {error}"
    too_large = _mapping(answer.get("ResponseMetadata")).get("HTTPStatusCode") == 413
    permanent = too_large or _is_about_content(service, details.get("Code")) or _was_never_sent(error)
    return (PermanentError if permanent else ActionError)(f"{operation}: {shortened(said, _LONGEST_MESSAGE)}")


def of_entry(service: str, operation: str, code: str | None, message: str | None) -> ActionError:
    """Return the failure of one entry of a batch call."""
    kind = PermanentError if _is_about_content(service, code) else ActionError
    return kind(f"{operation}: {code}: {shortened(message or 'no message', _LONGEST_MESSAGE)}")


def of_results(
    service: str, operation: str, results: Sequence[Mapping[str, Any]], entries: int
) -> dict[int, Exception]:
    """Return the failures, by position, of a batch call whose answer has a result for each entry, in order."""
    if len(results) != entries:
        return dict.fromkeys(range(entries), ActionError(f"{operation}: {len(results)} results for {entries} entries"))
    return {
        position: of_entry(service, operation, result["ErrorCode"], result.get("ErrorMessage"))
        for position, result in enumerate(results)
        if result.get("ErrorCode")
    }


def _mapping(value: Any) -> dict[str, Any]:
    """Return the answer of an SDK error: it has a dict, None, or another library's answer, all under one name."""
    return value if isinstance(value, dict) else {}


def _is_about_content(service: str, code: str | None) -> bool:
    """Return whether a code says that the content was rejected, and not that circumstances were wrong."""
    name = str(code or "").rpartition(".")[2]
    return name in _OF_ANY_SERVICE or name in _ABOUT_CONTENT[service]


def _was_never_sent(error: Exception) -> bool:
    """Return whether the SDK itself rejected a parameter: it examines only what it was given."""
    from botocore.exceptions import ParamValidationError

    return isinstance(error, ParamValidationError)
