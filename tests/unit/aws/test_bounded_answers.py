"""Answers to the SDK's calls from hostile endpoints."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, HTTPClientError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from record_processor.aws import bounded_answers, clients
from record_processor.aws.bounded_answers import bounded
from record_processor.errors import SetupError
from record_processor.text import redaction
from tests.actions.test_far_side import answering, far_side, request

if TYPE_CHECKING:
    import socket

OK = b"HTTP/1.1 200 OK\r\nconnection: close\r\n"
PIECE = b"x" * 65536


def client(service: str, url: str) -> Any:
    config = Config(read_timeout=0.3, retries={"total_max_attempts": 1})
    return bounded(boto3.Session("a", "b", region_name="us-east-1").client(service, endpoint_url=url, config=config))


def endless(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(OK + b"transfer-encoding: chunked\r\n\r\n")
    for _ in itertools.count():
        connection.sendall(b"10000\r\n" + PIECE + b"\r\n")


def endless_error(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(b"HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n")
    for _ in itertools.count():
        connection.sendall(PIECE)


@pytest.mark.parametrize("behaviour", [endless, endless_error])
@pytest.mark.parametrize("service", ["sqs", "s3"])
def test_an_endless_answer_is_given_up_at_the_limit(
    behaviour: Any, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_answers, "LARGEST_ANSWER_BYTES", 4 << 20)
    with far_side(behaviour) as url:
        called = client(service, url)
        tracemalloc.start()
        try:
            with pytest.raises(HTTPClientError, match=rf"the answer from {url}.* is larger than 4,194,304 bytes"):
                called.list_queues() if service == "sqs" else called.list_buckets()
            assert tracemalloc.get_traced_memory()[1] < 16 << 20
        finally:
            tracemalloc.stop()


def test_an_error_in_place_of_an_object_is_given_up_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object itself is its reader's to bound, and the error in its place is read by the SDK."""
    monkeypatch.setattr(bounded_answers, "LARGEST_ANSWER_BYTES", 1 << 20)
    with far_side(endless_error) as url, pytest.raises(HTTPClientError, match="larger than"):
        client("s3", url).get_object(Bucket="b", Key="k")
    with far_side(endless) as url, client("s3", url).get_object(Bucket="b", Key="k")["Body"] as stream:
        assert len(stream.read(2 << 20)) == 2 << 20


def test_an_ordinary_answer_comes_as_it_is() -> None:
    with far_side(answering(OK, b'{"QueueUrls":["q"]}')) as url:
        assert client("sqs", url).list_queues()["QueueUrls"] == ["q"]


@pytest.mark.parametrize("body", [b'{"a":' + b"[" * 100_000, b'{"QueueUrls": 5}', b"[1]", b"\xff", b'"text"'])
def test_an_answer_of_another_shape_is_the_sdks_own_error(body: bytes) -> None:
    with far_side(answering(OK, body)) as url:
        called = client("sqs", url)
        with (
            pytest.raises(SetupError, match=r"^queue: the server there is not the AWS service"),
            clients.explained("queue"),
        ):
            called.list_queues()


def test_a_page_in_place_of_a_success_is_no_success() -> None:
    """A proxy's, say: an item would be taken for written."""
    item = {"id": {"S": "1"}}
    with far_side(answering(OK, b"<html>Sign in</html>")) as url, pytest.raises(ResponseParserError, match="shape"):
        client("dynamodb", url).put_item(TableName="Copy", Item=item)
    with far_side(answering(OK, b"{}")) as url:
        client("dynamodb", url).put_item(TableName="Copy", Item=item)


@pytest.mark.parametrize("status", [b"200 OK", b"400 Bad"])
def test_of_an_answer_that_cannot_be_read_an_error_has_the_beginning_only(status: bytes) -> None:
    redaction.remember(["hunter22-and-more"])
    body = b"<PublishResponse hunter22-and-more " + b"x" * 1_000_000
    with (
        far_side(answering(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\n", body)) as url,
        pytest.raises(ResponseParserError) as refused,
    ):
        client("sns", url).publish(TopicArn="arn:aws:sns:us-east-1:1:t", Message="m")
    assert len(str(refused.value)) <= 500
    assert "<PublishResponse *** xxx" in str(refused.value)


def stalling(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(OK + b"content-length: 100\r\n\r\n{")
    connection.recv(1)


def broken_off(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nab")


@pytest.mark.parametrize(("behaviour", "error"), [(stalling, ReadTimeoutError), (broken_off, ConnectionClosedError)])
def test_an_answer_that_breaks_off_is_the_sdks_own_error(behaviour: Any, error: type[Exception]) -> None:
    with far_side(behaviour) as url, pytest.raises(error):
        client("sqs", url).list_queues()


def test_the_clients_of_commands_and_of_actions_are_bounded() -> None:
    from record_processor.aws.settings import AwsSettings
    from record_processor.aws.settings import client as of_actions

    session = clients.session("LocalCredentialsProvider", "us-east-1")
    ours = [clients.client(session, "dynamodb", None), of_actions("sqs", AwsSettings(), "us-east-1")]
    assert [type(made._endpoint.http_session).__name__ for made in ours] == ["_BoundedSession"] * 2
