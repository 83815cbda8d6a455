"""Which requests reach ministack, and which are rejected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

_TARGETS = {"dynamodb": b"DynamoDB_20120810.", "dynamodbstreams": b"DynamoDBStreams_20120810."}
# Only browsers send these, and a web page cannot leave them out. Even the request for an image has the second.
_OF_BROWSERS = (b"origin", b"sec-fetch-site")


class Door:
    """Lets requests for the services through to ministack; refuses everything else before ministack sees it.

    By itself ministack lets any web page in a browser on this machine create tables, run code and reset everything.
    """

    def __init__(self, application: Application, services: list[str]) -> None:
        self._application = application
        known = tuple(_TARGETS[service] for service in services if service in _TARGETS)
        # With other services than the database, requests have too many shapes to tell them apart.
        self._targets = known if len(known) == len(services) else None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http" and (reason := self._reason_against(scope)) is not None:
            await _refuse(send, reason)
        else:
            await self._application(scope, receive, send)

    def _reason_against(self, scope: Message) -> str | None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        for name in _OF_BROWSERS:
            if name in headers:
                return f"a request with the header {name.decode()} comes from a web page, which has no business here"
        if scope["path"].lstrip("/").startswith("_"):
            return f"{scope['path']} is for administrators of ministack, and closed here"
        if self._targets is not None and not headers.get(b"x-amz-target", b"").startswith(self._targets):
            return "this server has DynamoDB and DynamoDB Streams, called by an SDK of AWS or by its command line"
        return None


async def _refuse(send: Send, reason: str) -> None:
    body = json.dumps({"__type": "AccessDeniedException", "message": reason}).encode()
    headers = [(b"content-type", b"application/x-amz-json-1.0"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
