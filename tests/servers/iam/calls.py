"""Which call of AWS a request is, in IAM's words, and what it is made on."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.servers.answers import Request

ACCOUNT = "000000000000"
"""The account of the local database."""

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
# The batch calls have the permission of the single ones.
_RENAMED = {
    "SendMessageBatch": "SendMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "PublishBatch": "Publish",
}


class Call(NamedTuple):
    """One permission that a request needs."""

    action: str
    resource: str
    context: Mapping[str, str] = {}

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


class Scope(NamedTuple):
    """What the signature says."""

    service: str
    region: str


def scope_of(request: Request) -> Scope:
    header = next(value for name, value in request.headers.items() if name.lower() == "authorization")
    match = _SCOPE.search(header)
    assert match, header
    return Scope(match["service"], match["region"])


class Reader:
    """Reads requests. It remembers which stream an iterator belongs to, since GetRecords does not name the stream."""

    def __init__(self) -> None:
        self._iterators: dict[str, str] = {}

    def calls(self, request: Request) -> list[Call]:
        scope = scope_of(request)
        return list(_READERS[scope.service](self, request, scope.region))

    def learn(self, request: Request, answer: bytes) -> None:
        """Take the iterators out of an answer."""
        operation = _target(request)
        if operation not in ("GetShardIterator", "GetRecords"):
            return
        content, asked = json.loads(answer), json.loads(request.body)
        arn = asked["StreamArn"] if operation == "GetShardIterator" else self._iterators[asked["ShardIterator"]]
        for name in ("ShardIterator", "NextShardIterator"):
            if content.get(name):
                self._iterators[content[name]] = arn

    def dynamodb(self, request: Request, region: str) -> Iterator[Call]:
        operation, content = _target(request), json.loads(request.body)
        action = f"dynamodb:{operation}"
        if "ShardIterator" in content:
            yield Call(action, self._iterators[content["ShardIterator"]])
        elif "StreamArn" in content:
            yield Call(action, content["StreamArn"])
        elif "TableName" in content:
            table = f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{content['TableName']}"
            inside = f"/index/{content['IndexName']}" if "IndexName" in content else ""
            yield Call(action, table + (inside or ("/stream/*" if operation == "ListStreams" else "")))
        else:
            yield Call(action, "*")


def _sqs(_reader: Reader, request: Request, region: str) -> Iterator[Call]:
    name = json.loads(request.body)["QueueUrl"].rpartition("/")[2]
    yield Call(f"sqs:{_renamed(_target(request))}", f"arn:aws:sqs:{region}:{ACCOUNT}:{name}")


def _sns(_reader: Reader, request: Request, _region: str) -> Iterator[Call]:
    form = parse_qs(request.body.decode())
    yield Call(f"sns:{_renamed(form['Action'][0])}", form["TopicArn"][0])


def _named(service: str, key: str, kind: str) -> Callable[[Reader, Request, str], Iterator[Call]]:
    def read(_reader: Reader, request: Request, region: str) -> Iterator[Call]:
        name = json.loads(request.body)[key]
        yield Call(f"{service}:{_target(request)}", f"arn:aws:{service}:{region}:{ACCOUNT}:{kind}/{name}")

    return read


def _events(_reader: Reader, request: Request, region: str) -> Iterator[Call]:
    content = json.loads(request.body)
    for entry in content.get("Entries", [{"EventBusName": content.get("Name")}]):
        bus = f"arn:aws:events:{region}:{ACCOUNT}:event-bus/{entry['EventBusName']}"
        yield Call(f"events:{_target(request)}", bus)


def _lambda(_reader: Reader, request: Request, region: str) -> Iterator[Call]:
    parts = urlsplit(request.path)
    name = unquote(parts.path.split("/")[3])
    qualifier = "".join(f":{one}" for one in parse_qs(parts.query).get("Qualifier", []))
    yield Call("lambda:InvokeFunction", f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}{qualifier}")


def _s3(_reader: Reader, request: Request, _region: str) -> Iterator[Call]:
    parts = urlsplit(request.path)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    if not key:
        prefix = parse_qs(parts.query).get("prefix", [""])[0]
        yield Call("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": prefix})
        return
    source = next(
        (unquote(value) for name, value in request.headers.items() if name.lower() == "x-amz-copy-source"), ""
    )
    if source:
        yield Call("s3:GetObject", f"arn:aws:s3:::{source.lstrip('/')}")
    actions = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "GetObject", "DELETE": "DeleteObject"}
    yield Call(f"s3:{actions[request.method]}", f"arn:aws:s3:::{bucket}/{key}")


def _cloudwatch(_reader: Reader, request: Request, _region: str) -> Iterator[Call]:
    names = {name.lower(): value for name, value in request.headers.items()}
    body = gzip.decompress(request.body) if names.get("content-encoding") == "gzip" else request.body
    form = parse_qs(body.decode())
    yield Call(f"cloudwatch:{form['Action'][0]}", "*", {"cloudwatch:namespace": form["Namespace"][0]})


def _sts(_reader: Reader, request: Request, _region: str) -> Iterator[Call]:
    form = parse_qs(request.body.decode())
    yield Call(f"sts:{form['Action'][0]}", form.get("RoleArn", ["*"])[0])


def _target(request: Request) -> str:
    return next((value for name, value in request.headers.items() if name.lower() == "x-amz-target"), "").rpartition(
        "."
    )[2]


def _renamed(operation: str) -> str:
    return _RENAMED.get(operation, operation)


_READERS: dict[str, Callable[[Reader, Request, str], Iterator[Call]]] = {
    "dynamodb": Reader.dynamodb,
    "sqs": _sqs,
    "sns": _sns,
    "kinesis": _named("kinesis", "StreamName", "stream"),
    "firehose": _named("firehose", "DeliveryStreamName", "deliverystream"),
    "events": _events,
    "lambda": _lambda,
    "s3": _s3,
    "monitoring": _cloudwatch,
    "sts": _sts,
}
