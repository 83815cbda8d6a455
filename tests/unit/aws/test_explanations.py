"""Every error class of the SDK becomes a sentence of ours."""

from __future__ import annotations

import inspect
from string import Formatter

import pytest
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from record_processor.aws import clients
from record_processor.aws.explanations import KINDS, explanation
from record_processor.errors import SetupError

ADDRESS = "http://127.0.0.1:9/"


def made(kind: type[Exception]) -> Exception:
    """Return an instance of a class, with whatever its message and its constructor need."""
    named = [name for _, name, _, _ in Formatter().parse(getattr(kind, "fmt", "")) if name]
    parameters = inspect.signature(kind).parameters.values()
    wanted = [parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    values: dict[str, object] = {name.split("[")[0].split(".")[0]: name for name in [*named, *wanted]}
    for name in values.keys() & {"last_response", "response", "request"}:
        values[name] = {}
    return kind(**values)


ALL = [kind for _, kind in inspect.getmembers(sdk, inspect.isclass) if issubclass(kind, sdk.BotoCoreError)]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_class_of_the_sdk_is_explained(kind: type[Exception]) -> None:
    error = made(kind)
    assert isinstance(error, KINDS)
    assert explanation(error)
    with pytest.raises(SetupError, match=r"^the table: "), clients.explained("the table"):
        raise error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (sdk.NoRegionError(), "no AWS region is known. Set regionName"),
        (sdk.NoCredentialsError(), "no AWS credentials found. Set AWS_ACCESS_KEY_ID"),
        (sdk.ConnectTimeoutError(endpoint_url=ADDRESS), f"cannot connect to {ADDRESS}. Is it running, and are kine"),
        (sdk.EndpointConnectionError(endpoint_url=ADDRESS), f"cannot connect to {ADDRESS}. Is it running"),
        (sdk.ReadTimeoutError(endpoint_url=ADDRESS), f"{ADDRESS} accepts connections but does not respond"),
        (
            sdk.SSLError(endpoint_url=ADDRESS, error=OSError("x")),
            f"the server at {ADDRESS} is not the AWS service",
        ),
        (sdk.ConnectionClosedError(endpoint_url=ADDRESS), f"the server at {ADDRESS} is not the AWS service"),
        (ResponseParserError("<html>"), "is not the AWS service (<html>). Is kinesisEndpoint right?"),
        (sdk.ClientError({"Error": {"Code": "404"}}, "x"), "is not the AWS service"),
        (sdk.ClientError({}, "x"), "is not the AWS service"),
        (sdk.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "x"), "AWS refused: AccessDenied: no"),
        (
            sdk.ClientError({"Error": {"Code": "UnrecognizedClientException", "Message": "no"}}, "x"),
            "Check that the credentials are correct and belong to this region",
        ),
        (sdk.UnauthorizedSSOTokenError(), "cannot get AWS credentials: The SSO session"),
        (sdk.CredentialRetrievalError(provider="p", error_msg="e"), "cannot get AWS credentials: Error when"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_happens_to_everybody_once_says_what_to_do(error: Exception, words: str) -> None:
    assert words in explanation(error, "kinesisEndpoint")
