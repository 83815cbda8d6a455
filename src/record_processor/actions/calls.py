"""What an error of the AWS SDK means for the records that were in the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.actions.base import ActionError, PermanentError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

# The service looked at what was sent and did not like it: another try of the same would end the same. All other codes
# are about circumstances (load, permission, a queue that is not there), which somebody or time mends.
_ABOUT_CONTENT = frozenset(
    {
        "413",
        "BatchRequestTooLong",
        "InvalidArgumentException",
        "InvalidAttributeValue",
        "InvalidMessageContents",
        "InvalidParameter",
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "InvalidRequestContentException",
        "MessageTooLong",
        "RequestEntityTooLarge",
        "RequestEntityTooLargeException",
        "RequestTooLargeException",
        "SerializationException",
        "ValidationError",
        "ValidationException",
    }
)
_LONGEST_MESSAGE = 500


def of_call(operation: str, error: BotoCoreError | ClientError) -> ActionError:
    """The failure of a whole call, in a sentence."""
    answer = getattr(error, "response", {})
    details = answer.get("Error") or {}
    said = f"{details.get('Code')}: {details.get('Message')}" if details else f"{type(error).__name__}: {error}"
    too_large = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == 413
    kind = PermanentError if too_large or _is_about_content(details.get("Code")) else ActionError
    return kind(f"{operation}: {said[:_LONGEST_MESSAGE]}")


def of_entry(operation: str, code: str | None, message: str | None) -> ActionError:
    """The failure of one entry of a batch call."""
    kind = PermanentError if _is_about_content(code) else ActionError
    return kind(f"{operation}: {code}: {(message or 'no message')[:_LONGEST_MESSAGE]}")


def _is_about_content(code: str | None) -> bool:
    """Whether a code says that what was sent was refused, and not the circumstances."""
    return str(code or "").rpartition(".")[2] in _ABOUT_CONTENT
