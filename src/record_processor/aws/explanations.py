"""The AWS SDK's errors in words for the person who runs a command: what was found, and what to do."""

from __future__ import annotations

import re

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from record_processor.text.safe_text import printable, shortened

_NO_CREDENTIALS = (
    "no AWS credentials found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role; "
    "for a local database write AwsCredentialsProvider = LocalCredentialsProvider"
)
_NO_REGION = "no AWS region is known. Set regionName, AWS_REGION, or the region of the profile"
_BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_NO_ANSWER = (sdk.EndpointConnectionError, sdk.ConnectTimeoutError, sdk.ProxyConnectionError)
_CREDENTIALS = (
    sdk.CredentialRetrievalError,
    sdk.InvalidConfigError,
    sdk.MetadataRetrievalError,
    sdk.SSOError,
    sdk.TokenRetrievalError,
)
# An endpoint that is not AWS answers with a number or a word of HTTP where AWS has an error code.
_AWS_CODE = re.compile(r"(?!Unknown$)[A-Za-z][\w.#:/-]*")
_LONGEST_FOUND = 300
_LONGEST_EXPLANATION = 2000

KINDS: tuple[type[Exception], ...] = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError)
"""Every error of the SDK is one of these."""


def explanation(error: Exception, endpoint: str = "the endpoint") -> str:
    """Explain an error in a sentence or two. `error` is one of `KINDS`; `endpoint` is the setting with the address."""
    # The remote side may have written a part of it.
    return printable(shortened(_explanation(error, endpoint), _LONGEST_EXPLANATION, mark="…"))


def _explanation(error: Exception, endpoint: str) -> str:
    if isinstance(error, (sdk.NoCredentialsError, sdk.PartialCredentialsError)):
        return _NO_CREDENTIALS
    if isinstance(error, sdk.NoRegionError):
        return _NO_REGION
    if isinstance(error, _CREDENTIALS):
        return f"cannot get AWS credentials: {error}"
    if isinstance(error, sdk.ClientError):
        return _refused(error, endpoint)
    return _connection(error, endpoint)


def _connection(error: Exception, endpoint: str) -> str:
    address = getattr(error, "kwargs", {}).get("endpoint_url")
    if isinstance(error, _NO_ANSWER):
        return f"cannot connect to {address or error}. Is it running, and are {endpoint} and the region right?"
    if isinstance(error, sdk.ReadTimeoutError):
        return f"{address} accepts connections but does not respond. Is it running, and is {endpoint} right?"
    if isinstance(error, (sdk.ConnectionError, sdk.HTTPClientError, ResponseParserError)):
        return not_aws(address, endpoint, str(error))
    return str(error)


def not_aws(address: str | None, endpoint: str, found: str) -> str:
    """Explain that the remote side speaks another language: a web server, a proxy's page, or no TLS."""
    place = f"at {address}" if address else "there"
    return f"the server {place} is not the AWS service ({shortened(found, _LONGEST_FOUND)}). Is {endpoint} right?"


def is_of_aws(error: sdk.ClientError) -> bool:
    """Return whether an AWS service rejected the call, and not whatever else has answered."""
    return _AWS_CODE.fullmatch(_code(error)) is not None


def is_about_credentials(error: sdk.ClientError) -> bool:
    return _code(error) in _BAD_CREDENTIALS


def _refused(error: sdk.ClientError, endpoint: str) -> str:
    if not is_of_aws(error):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return not_aws(None, endpoint, f"HTTP status {status}")
    code, message = _code(error), error.response["Error"].get("Message")
    hint = ". Check that the credentials are correct and belong to this region" if is_about_credentials(error) else ""
    return f"AWS refused: {code}: {message}{hint}"


def _code(error: sdk.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code") or "")
