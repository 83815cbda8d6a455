"""What the libraries send is in no log, though nobody has said that it is secret."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

import boto3
import httpx
import pytest
import urllib3
from botocore.config import Config

from record_processor.config.properties import read_properties
from record_processor.host import jvm
from record_processor.host.run_directory import RunDirectory
from record_processor.logs import log_events, wire_loggers

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "Hq7secret"
LOGBACK = Path(__file__).parents[3] / "java/src/main/resources/record-processor-logback.xml"


class _FarSide(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        if self.path.startswith("/closes"):
            return
        self.send_response(200)
        self.send_header("set-cookie", SECRET)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _FarSide) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(params=log_events.LEVELS)
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    log_events.start(request.param, stream, log_events.as_json)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    wire_loggers.silence(logging.NOTSET)


def test_no_address_header_or_token_is_logged_at_any_level(written: io.StringIO, address: str) -> None:
    httpx.post(f"{address}/{SECRET}?token={SECRET}", headers={"authorization": SECRET}, content=SECRET)
    pool = urllib3.PoolManager(retries=urllib3.Retry(total=2, backoff_factor=0))
    pool.request("GET", f"{address}/{SECRET}?token={SECRET}", headers={"authorization": SECRET})
    with contextlib.suppress(urllib3.exceptions.MaxRetryError):
        pool.request("GET", f"{address}/closes/{SECRET}")
    session = boto3.Session("key", "key", SECRET, "eu-west-1")
    config = Config(retries={"total_max_attempts": 1})
    sts = session.client("sts", endpoint_url=f"{address}/{SECRET}", config=config)
    with contextlib.suppress(Exception):
        sts.get_caller_identity()
    assert SECRET not in written.getvalue()


# What logs addresses, headers, what is signed, or values of beans, of the libraries on the class path.
IN_THE_JVM = (
    "software.amazon.awssdk.request",
    "software.amazon.awssdk.http.auth.aws.internal.signer.DefaultV4RequestSigner",
    "software.amazon.awssdk.auth.signer.internal.AbstractAws4Signer",
    "software.amazon.awssdk.core.interceptor.ExecutionInterceptorChain",
    "org.apache.http.wire",
    "org.apache.http.headers",
    "org.apache.commons.beanutils.BeanUtils",
    "io.netty.handler.logging.LoggingHandler",
)


def test_in_the_jvm_they_are_at_a_level_of_their_own() -> None:
    root = Xml.parse(LOGBACK)  # noqa: S314 - a file of ours
    levels = {logger.get("name", ""): logger.get("level") for logger in root.iter("logger")}
    for name in IN_THE_JVM:
        nearest = max((known for known in levels if f"{name}.".startswith(f"{known}.")), key=len, default="")
        assert levels.get(nearest) == "${recordProcessor.wireLogLevel:-WARN}", name


@pytest.mark.parametrize("level", log_events.LEVELS)
def test_that_level_shows_no_more_than_warnings(level: str, tmp_path: Path) -> None:
    path = tmp_path / "worker.properties"
    path.write_text(f"applicationName = shop\nstreamName = Orders\nkclLogLevel = {level}\n")
    directory = RunDirectory()
    command = jvm.command("java", read_properties(path, [], {}), directory)
    directory.remove()
    assert f"-DrecordProcessor.wireLogLevel={'error' if level == 'error' else 'warn'}" in command


def test_what_others_log_is_still_there(written: io.StringIO) -> None:
    logging.getLogger("shop").error("seen")
    logging.getLogger("botocore.credentials").error("seen too")
    assert written.getvalue().count('"level":"error"') == 2
