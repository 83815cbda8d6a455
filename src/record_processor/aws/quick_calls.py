"""Thousands of small calls of a JSON service, each in half of the SDK's time.

The SDK looks up each call's shape, its endpoint, its handlers and its parser anew. Here a call is signed JSON, and
nothing else. Connections, TLS, proxies, timeouts and the limit of an answer are those of the SDK's client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    import boto3

_OK = 200
_CONTENT_TYPE = "application/x-amz-json-1.0"


class QuickCalls:
    """Calls of one service, through a client of it. Thread-safe. A call is tried once."""

    def __init__(self, session: boto3.Session, client: Any, signing_name: str, target: str) -> None:
        """`target` is the service's name and version in its headers, such as DynamoDBStreams_20120810."""
        self._credentials: Any = session.get_credentials()
        self._url = f"{client.meta.endpoint_url.rstrip('/')}/"
        self._region: str = client.meta.region_name
        self._signing_name = signing_name
        self._target = target
        # The SDK has no public access to it.
        self._http: Any = getattr(getattr(client, "_endpoint", None), "http_session", None) or URLLib3Session()

    def call(self, operation: str, **content: Any) -> dict[str, Any]:
        """Return the answer as it is: times are numbers.

        Raises:
            botocore.exceptions.ClientError: the service refuses; with the service's code.
            botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError: there is no answer of the service.
        """
        response = self._http.send(self._signed(operation, msgspec.json.encode(content)))
        try:
            answer = msgspec.json.decode(response.content, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise ResponseParserError(f"HTTP status {response.status_code}: {error}") from None
        if response.status_code != _OK:
            code = str(answer.get("__type", "Unknown")).rpartition("#")[2]
            message = str(answer.get("message", answer.get("Message", "")))
            raise ClientError({"Error": {"Code": code, "Message": message}}, operation)
        return answer

    def _signed(self, operation: str, body: bytes) -> Any:
        headers = {"X-Amz-Target": f"{self._target}.{operation}", "Content-Type": _CONTENT_TYPE}
        request = AWSRequest(method="POST", url=self._url, data=body, headers=headers)
        if self._credentials is None:
            raise NoCredentialsError
        frozen = self._credentials.get_frozen_credentials()
        SigV4Auth(frozen, self._signing_name, self._region).add_auth(request)
        return request.prepare()
