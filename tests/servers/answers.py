"""Requests and answers as the proxy in front of a server sees them, and errors as AWS's protocols write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Request(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


def as_json(status: int, content: Any) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(content).encode())


def as_xml(status: int, text: str) -> Answer:
    return Answer(status, {"content-type": "text/xml"}, text.encode())


def as_query_error(status: int, code: str, message: str) -> Answer:
    """An error of the query protocol."""
    return as_xml(
        status, f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )
