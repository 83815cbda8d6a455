"""The first call to each of the two services, against servers that do not answer, or answer wrongly."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from record_processor.config.properties import Properties
from record_processor.errors import SetupError
from record_processor.host import endpoints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def refusal(tmp_path: Path, tables: str, streams: str) -> str:
    values = {
        "AwsCredentialsProvider": "LocalCredentialsProvider",
        "regionName": "us-west-2",
        "dynamoDBEndpoint": tables,
        "kinesisEndpoint": streams,
    }
    begun_at = time.monotonic()
    with pytest.raises(SetupError) as found:
        endpoints.connect(Properties(tmp_path / "worker.properties", values))
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
def test_an_endpoint_that_answers_wrongly_is_named(tmp_path: Path, setting: str, status: int, body: bytes) -> None:
    with answering(200, RIGHT) as right, answering(status, body) as wrong:
        words = refusal(tmp_path, wrong if setting == "dynamoDBEndpoint" else right, wrong)
    assert words.startswith(f"{setting} = {wrong}: what answers ")
    assert f"Is {setting} right?" in words


@pytest.mark.parametrize("setting", ["kinesisEndpoint"])
def test_an_endpoint_that_takes_connections_and_says_nothing_is_named(tmp_path: Path, setting: str) -> None:
    with socket.socket() as mute, answering(200, RIGHT) as right:
        mute.bind((LOOPBACK, 0))
        mute.listen()
        silent = f"http://{LOOPBACK}:{mute.getsockname()[1]}"
        words = refusal(tmp_path, silent if setting == "dynamoDBEndpoint" else right, silent)
    assert words.startswith(f"{setting} = {silent}: {silent}/ takes connections and does not answer")


def test_an_endpoint_where_nobody_listens_is_named(tmp_path: Path) -> None:
    words = refusal(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:9")
    assert words.startswith("dynamoDBEndpoint = http://127.0.0.1:9: nothing answers at http://127.0.0.1:9/")


def test_an_endpoint_that_is_no_address_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "nonsense", "x").startswith("dynamoDBEndpoint: 'nonsense' is no address")


def test_a_refusal_is_an_answer_unless_it_is_about_the_credentials(tmp_path: Path) -> None:
    with answering(400, b'{"__type": "AccessDeniedException", "message": "no"}') as refusing:
        values = {"AwsCredentialsProvider": "LocalCredentialsProvider", "regionName": "us-west-2"}
        both = {"dynamoDBEndpoint": refusing, "kinesisEndpoint": refusing}
        endpoints.connect(Properties(tmp_path / "worker.properties", {**values, **both}))
    with answering(400, b'{"__type": "UnrecognizedClientException", "message": "no"}') as refusing:
        assert "Are the credentials right, and those of this region?" in refusal(tmp_path, refusing, refusing)
