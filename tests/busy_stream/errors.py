"""AWS's errors of DynamoDB Streams.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html#API_streams_GetRecords_Errors
"""

from __future__ import annotations

_STREAMS = "com.amazonaws.dynamodb.v20120810#"


class AwsError(Exception):
    """An error as the service returns it."""

    status = 400
    kind = ""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.content = {"__type": _STREAMS + self.kind, "message": message}


class ExpiredIteratorError(AwsError):
    kind = "ExpiredIteratorException"


class TrimmedDataAccessError(AwsError):
    kind = "TrimmedDataAccessException"


class ResourceNotFoundError(AwsError):
    kind = "ResourceNotFoundException"


class LimitExceededError(AwsError):
    kind = "LimitExceededException"


class ValidationError(AwsError):
    kind = "ValidationException"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.content["__type"] = "com.amazon.coral.validate#ValidationException"


class ThrottlingError(AwsError):
    kind = "ThrottlingException"


class InternalServerError(AwsError):
    status = 500
    kind = "InternalServerError"


class ThroughputExceededError(AwsError):
    """Of a table, not of a stream."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.content["__type"] = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
