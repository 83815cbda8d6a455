"""Whatever the SDK raises becomes a failure of the records in the call, with a name and a sentence."""

from __future__ import annotations

import inspect
from typing import Any

import botocore.exceptions
import pytest

from record_processor.aws.call_errors import of_call, of_entry
from record_processor.errors import ActionError, PermanentError


def _of_class(kind: type[Any]) -> Any:
    """Return an error as the SDK makes it, with whatever its message needs."""
    if issubclass(kind, botocore.exceptions.ClientError):
        return kind({"Error": {"Code": "Throttling", "Message": "slow down"}}, "Op")
    if issubclass(kind, botocore.exceptions.WaiterError):
        return kind("waiter", "reason", {})
    known: dict[str, str] = {}
    while True:
        try:
            return kind(**known)
        except KeyError as missing:
            known[missing.args[0]] = "x"


SDK_ERRORS = [
    kind
    for _, kind in inspect.getmembers(botocore.exceptions, inspect.isclass)
    if issubclass(kind, (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError))
]


@pytest.mark.parametrize("kind", SDK_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_class_of_the_sdk_is_named_with_its_operation(kind: type[Any]) -> None:
    failure = of_call("sqs", "SendMessageBatch", _of_class(kind))
    assert str(failure).startswith("SendMessageBatch: ")
    assert ("Throttling: slow down" in str(failure)) or (kind.__name__ in str(failure))
    permanent = issubclass(kind, botocore.exceptions.ParamValidationError)
    assert isinstance(failure, PermanentError) == permanent


@pytest.mark.parametrize(
    "response",
    [None, {}, {"Error": None}, {"Error": {}}, {"Error": "text"}, {"ResponseMetadata": None}, object(), "text"],
)
def test_an_answer_of_any_shape_is_no_reason_to_fail_twice(response: Any) -> None:
    error = botocore.exceptions.ReadTimeoutError(endpoint_url="http://x")
    error.response = response
    failure = of_call("sns", "PublishBatch", error)
    assert type(failure) is ActionError
    assert "ReadTimeoutError" in str(failure)


@pytest.mark.parametrize(
    ("service", "codes"),
    [
        ("sqs", ["InvalidMessageContents", "AWS.SimpleQueueService.BatchRequestTooLong"]),
        ("sns", ["InvalidParameter", "ParameterValueInvalid", "ValidationException"]),
        ("events", ["InvalidArgument", "MalformedDetail", "NotAuthorizedForSourceException"]),
        ("s3", ["KeyTooLongError", "EntityTooLarge"]),
        ("kinesis", ["InvalidArgumentException"]),
        ("firehose", ["InvalidArgumentException"]),
        ("lambda", ["RequestTooLargeException", "413"]),
        ("dynamodb", ["ValidationException"]),
    ],
)
def test_what_a_service_can_never_take_is_permanent_and_its_circumstances_are_not(
    service: str, codes: list[str]
) -> None:
    for code in codes:
        answer = {"Error": {"Code": code, "Message": "no"}}
        assert type(of_call(service, "Op", botocore.exceptions.ClientError(answer, "Op"))) is PermanentError  # type: ignore[arg-type]
        assert type(of_entry(service, "Op", code, "no")) is PermanentError
    circumstances = ("ThrottlingException", "AccessDeniedException", "InternalFailure", "ExpiredToken", None)
    assert all(type(of_entry(service, "Op", code, None)) is ActionError for code in circumstances)
