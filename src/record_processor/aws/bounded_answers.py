"""Limits for answers to the SDK's calls, whatever the remote side does: the SDK itself reads everything that arrives.

An endpoint may belong to somebody else, or to whatever has taken its address.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

# AWS's largest answers are pages of a megabyte, and the thousand keys of a listing, with a kilobyte each.
LARGEST_ANSWER_BYTES = 32 << 20
_LONGEST_SAID = 500


def bounded(client: Any) -> Any:
    """Change a client of boto3 or botocore so that it rejects answers larger than any of AWS's; return it.

    An answer without the shape of AWS's is the SDK's `ResponseParserError`. A body that its caller reads (of an object,
    of a function) is for the caller to limit.
    """
    # The SDK has no setting for this, and no public access to its parts. If these names are gone, it reads as it always
    # did.
    endpoint: Any = getattr(client, "_endpoint", None)
    if hasattr(endpoint, "http_session"):
        endpoint.http_session = _BoundedSession(endpoint.http_session)
    if hasattr(endpoint, "_response_parser_factory"):
        endpoint._response_parser_factory = _Parsers(endpoint._response_parser_factory)
    return client


class _BoundedSession:
    """Wraps the session through which a client sends its requests; the SDK uses only these two methods of it."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def send(self, request: Any) -> Any:
        is_streamed = request.stream_output
        request.stream_output = True  # so that nothing is read before the limit applies
        response = self._session.send(request)
        response.raw.stream = _stream(response.raw, request.url)
        if not is_streamed:
            _read(response, request)
        return response

    def close(self) -> None:
        self._session.close()


def _stream(raw: Any, url: str) -> Any:
    """What the SDK reads a whole answer with."""
    whole = raw.stream

    def stream(*arguments: Any, **named: Any) -> Iterator[bytes]:
        read = 0
        for chunk in whole(*arguments, **named):
            read += len(chunk)
            if read > LARGEST_ANSWER_BYTES:
                raw.close()
                raise _too_large(url)
            yield chunk

    return stream


def _too_large(url: str) -> Exception:
    from botocore.exceptions import HTTPClientError

    return HTTPClientError(error=f"the answer from {url} is larger than {LARGEST_ANSWER_BYTES:,} bytes")


def _read(response: Any, request: Any) -> None:
    """Have the whole answer read, with the errors that the SDK makes of connection errors."""
    from botocore import exceptions as sdk
    from urllib3 import exceptions as connection

    try:
        response.content  # noqa: B018 - it reads
    except connection.ReadTimeoutError as error:
        raise sdk.ReadTimeoutError(endpoint_url=request.url, error=error) from None
    except connection.ProtocolError as error:
        raise sdk.ConnectionClosedError(error=error, request=request, endpoint_url=request.url) from None
    except connection.HTTPError as error:
        raise sdk.HTTPClientError(error=error) from None


class _Parsers:
    """Wraps the factory of the SDK's parsers, which take the shape of an answer for granted."""

    def __init__(self, parsers: Any) -> None:
        self._parsers = parsers

    def create_parser(self, protocol: str) -> _Parser:
        return _Parser(protocol, self._parsers.create_parser(protocol))


class _Parser:
    def __init__(self, protocol: str, parser: Any) -> None:
        self._protocol = protocol
        self._parser = parser

    def parse(self, response: Any, shape: Any) -> Any:
        from botocore.parsers import ResponseParserError

        try:
            if self._protocol == "json":
                _check_json(response)
            return self._parser.parse(response, shape)
        except ResponseParserError as error:  # it may contain the whole answer
            raise ResponseParserError(shortened(str(error), _LONGEST_SAID)) from None
        except Exception as error:
            kind = "it is nested too deep" if isinstance(error, RecursionError) else f"{type(error).__name__}: {error}"
            raise ResponseParserError(f"the response does not have the shape of an AWS response: {kind}") from None


def _check_json(response: Any) -> None:
    """Raise ValueError if a successful answer is not JSON, such as a proxy's page.

    The SDK would treat it as an empty answer: what was only to be written, such as an item, would be lost.
    """
    if response["status_code"] < 300 and response["body"]:
        json.loads(response["body"])
