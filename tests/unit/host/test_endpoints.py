"""The first call to each of the two services, against servers that do not answer, or answer wrongly."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from record_processor.config.worker_configuration import AwsAccess
from record_processor.errors import SetupError
from record_processor.host import endpoints

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
RIGHT = b'{"TableNames": [], "Streams": []}'


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_port}"
        server.shutdown()


def access(tables: str, streams: str) -> AwsAccess:
    provider = "LocalCredentialsProvider"
    return AwsAccess("us-west-2", provider, provider, streams_endpoint=streams, tables_endpoint=tables)


def refusal(tables: str, streams: str) -> str:
    begun_at = time.monotonic()
    with pytest.raises(SetupError) as found:
        endpoints.connect(access(tables, streams))
    # Three seconds, and what a busy machine needs for the clients.
    assert time.monotonic() - begun_at < 5
    return str(found.value)


@pytest.mark.parametrize(
    ("setting", "status", "body"),
    [
        ("dynamoDBEndpoint", 404, b"<html>not found</html>"),
        ("kinesisEndpoint", 200, b"<html>welcome</html>"),
        ("dynamoDBEndpoint", 200, b"{}"),
        ("kinesisEndpoint", 500, b""),
        ("dynamoDBEndpoint", 301, b"moved"),
    ],
)
def test_an_endpoint_that_answers_wrongly_is_named(setting: str, status: int, body: bytes) -> None:
    with answering(200, RIGHT) as right, answering(status, body) as wrong:
        words = refusal(wrong if setting == "dynamoDBEndpoint" else right, wrong)
    assert words.startswith(f"{setting} = {wrong}: the server ")
    assert f"Is {setting} right?" in words


@pytest.mark.parametrize("setting", ["kinesisEndpoint"])
def test_an_endpoint_that_takes_connections_and_says_nothing_is_named(setting: str) -> None:
    with socket.socket() as mute, answering(200, RIGHT) as right:
        mute.bind((LOOPBACK, 0))
        mute.listen()
        silent = f"http://{LOOPBACK}:{mute.getsockname()[1]}"
        words = refusal(silent if setting == "dynamoDBEndpoint" else right, silent)
    assert words.startswith(f"{setting} = {silent}: {silent}/ accepts connections but does not respond")


def test_an_endpoint_where_nobody_listens_is_named() -> None:
    words = refusal("http://127.0.0.1:9", "http://127.0.0.1:9")
    assert words.startswith("dynamoDBEndpoint = http://127.0.0.1:9: cannot connect to http://127.0.0.1:9/")


def test_an_endpoint_that_is_no_address_is_named() -> None:
    assert refusal("nonsense", "x").startswith("dynamoDBEndpoint: 'nonsense' is not a URL")


def test_a_refusal_is_an_answer_unless_it_is_about_the_credentials() -> None:
    with answering(400, b'{"__type": "AccessDeniedException", "message": "no"}') as refusing:
        endpoints.connect(access(refusing, refusing))
    with answering(400, b'{"__type": "UnrecognizedClientException", "message": "no"}') as refusing:
        assert "Check that the credentials are correct and belong to this region" in refusal(refusing, refusing)
