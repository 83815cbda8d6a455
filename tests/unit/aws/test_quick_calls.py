"""Calls without the SDK's machinery: signed, and with the SDK's errors."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.parsers import ResponseParserError

from record_processor.aws import clients
from record_processor.aws.quick_calls import QuickCalls
from tests.servers.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


class Answers(BaseHTTPRequestHandler):
    status, body = 200, b'{"ShardIterator": "i"}'
    asked: list[tuple[dict[str, str], Any]] = []  # noqa: RUF012 - set anew for each test

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(({name.lower(): value for name, value in self.headers.items()}, json.loads(body)))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[Answers]]]:
    handler = type("Handler", (Answers,), {"asked": []})
    made = HTTPServer((LOOPBACK, 0), handler)
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://{LOOPBACK}:{made.server_port}", handler
    made.shutdown()
    made.server_close()


def quick(address: str, session: boto3.Session | None = None) -> QuickCalls:
    session = session or boto3.Session(aws_access_key_id="key", aws_secret_access_key="s", region_name="eu-west-1")
    client = clients.client(session, "dynamodbstreams", address, at_once=2)
    return QuickCalls(session, client, "dynamodb", "DynamoDBStreams_20120810")


def test_a_call_is_signed_json(server: tuple[str, type[Answers]]) -> None:
    address, handler = server
    assert quick(address).call("GetShardIterator", ShardId="s-1") == {"ShardIterator": "i"}
    ((headers, content),) = handler.asked
    assert content == {"ShardId": "s-1"}
    assert headers["x-amz-target"] == "DynamoDBStreams_20120810.GetShardIterator"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
    assert "/eu-west-1/dynamodb/aws4_request" in headers["authorization"]


def test_a_refusal_has_the_services_code(server: tuple[str, type[Answers]]) -> None:
    address, handler = server
    handler.status = 400
    handler.body = b'{"__type": "com.amazonaws.dynamodb#TrimmedDataAccessException", "message": "too old"}'
    with pytest.raises(ClientError) as caught:
        quick(address).call("GetShardIterator")
    assert caught.value.response["Error"] == {"Code": "TrimmedDataAccessException", "Message": "too old"}


@pytest.mark.parametrize("body", [b"<html>a proxy</html>", b"", b"[]", b"\xff"])
def test_an_answer_that_is_not_the_services_is_an_error(server: tuple[str, type[Answers]], body: bytes) -> None:
    address, handler = server
    handler.body = body
    with pytest.raises(ResponseParserError):
        quick(address).call("GetShardIterator")


def test_nobody_there_and_no_credentials_are_the_sdks_errors(
    monkeypatch: pytest.MonkeyPatch, server: tuple[str, type[Answers]]
) -> None:
    with pytest.raises(EndpointConnectionError):
        quick(f"http://{LOOPBACK}:{free_port()}").call("GetShardIterator")
    session = boto3.Session(region_name="eu-west-1")
    monkeypatch.setattr(session, "get_credentials", lambda: None)
    with pytest.raises(NoCredentialsError):
        quick(server[0], session).call("GetShardIterator")
