"""What the console answers: bytes that are made once, and sent as often as they are asked for."""

from __future__ import annotations

import gzip
import hashlib
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

JSON = "application/json"
_GZIP_LEVEL = 5
_SMALL_BYTES = 1024


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    content_type: str
    body: bytes
    is_gzip: bool = False
    tag: str | None = None
    """What the browser names to say that it has this answer already."""


def content(body: bytes, content_type: str) -> Answer:
    """Return an answer with a tag, compressed if that is worth it. Every browser reads gzip."""
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    if len(body) < _SMALL_BYTES:
        return Answer(200, content_type, body, tag=tag)
    return Answer(200, content_type, gzip.compress(body, _GZIP_LEVEL, mtime=0), is_gzip=True, tag=tag)


def of_data(data: Any) -> Answer:
    return content(msgspec.json.encode(data), JSON)


def refuse(status: int, message: str) -> Answer:
    return Answer(status, JSON, msgspec.json.encode({"error": message}))


def unless_known(answer: Answer, known: str | None) -> Answer:
    """Return the answer, or that the browser has it."""
    if answer.tag is None or known is None or answer.tag not in known:
        return answer
    return Answer(HTTPStatus.NOT_MODIFIED, answer.content_type, b"", tag=answer.tag)


def with_type(answer: Answer) -> dict[str, str]:
    """Return its headers. Nothing is kept on disk: an answer has people's data in it."""
    headers = {"Cache-Control": "no-store", "Content-Length": str(len(answer.body))}
    if answer.status != HTTPStatus.NOT_MODIFIED:
        headers["Content-Type"] = answer.content_type
    if answer.is_gzip:
        headers["Content-Encoding"] = "gzip"
    if answer.tag is not None:
        headers["ETag"] = answer.tag
    return headers
