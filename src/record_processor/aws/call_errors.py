"""What an error of the AWS SDK means for the records that were in the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.errors import ActionError, PermanentError
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from botocore.exceptions import BotoCoreError, ClientError

# The service looked at what was sent and did not like it: another attempt with the same would end the same. All other
# codes are about circumstances (load, permission, a queue that is not there), which somebody or time mends.
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
"""By the SDK's name of a service: which of its codes say that the content of a record is to blame."""
_LONGEST_MESSAGE = 500


def of_call(service: str, operation: str, error: BotoCoreError | ClientError) -> ActionError:
    """The failure of a whole call, in a sentence."""
    answer = _mapping(getattr(error, "response", None))
    details = _mapping(answer.get("Error"))
    said = f"{details.get('Code')}: {details.get('Message')}" if details else f"{type(error).__name__}: {error}"
    too_large = _mapping(answer.get("ResponseMetadata")).get("HTTPStatusCode") == 413
    permanent = too_large or _is_about_content(service, details.get("Code")) or _was_never_sent(error)
    return (PermanentError if permanent else ActionError)(f"{operation}: {shortened(said, _LONGEST_MESSAGE)}")


def of_entry(service: str, operation: str, code: str | None, message: str | None) -> ActionError:
    """The failure of one entry of a batch call."""
    kind = PermanentError if _is_about_content(service, code) else ActionError
    return kind(f"{operation}: {code}: {shortened(message or 'no message', _LONGEST_MESSAGE)}")


def of_results(
    service: str, operation: str, results: Sequence[Mapping[str, Any]], entries: int
) -> dict[int, Exception]:
    """The failures of a batch call whose answer has a result for each entry, in their order; by position."""
    if len(results) != entries:
        return dict.fromkeys(range(entries), ActionError(f"{operation}: {len(results)} results for {entries} entries"))
    return {
        position: of_entry(service, operation, result["ErrorCode"], result.get("ErrorMessage"))
        for position, result in enumerate(results)
        if result.get("ErrorCode")
    }


def _mapping(value: Any) -> dict[str, Any]:
    """The SDK's errors carry an answer, None, or an answer of another library, all under one name."""
    return value if isinstance(value, dict) else {}


def _is_about_content(service: str, code: str | None) -> bool:
    """Whether a code says that what was sent was refused, and not the circumstances."""
    name = str(code or "").rpartition(".")[2]
    return name in _OF_ANY_SERVICE or name in _ABOUT_CONTENT[service]


def _was_never_sent(error: Exception) -> bool:
    """Whether the SDK itself refused a parameter: it looks at nothing but what it was given."""
    from botocore.exceptions import ParamValidationError

    return isinstance(error, ParamValidationError)
