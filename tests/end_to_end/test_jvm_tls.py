"""The JVM's clients with TLS, which no local server has: with the class path that a worker has."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.host import jvm
from tests.servers.process import LOOPBACK
from tests.servers.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).with_name("CallOverTls.java")


class Tables(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"TableNames": ["Orders"]}'
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing to standard error."""


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that does not trust it hangs up."""


@contextlib.contextmanager
def serving(tls: Tls) -> Iterator[str]:
    with Server((LOOPBACK, 0), Tables) as server:
        server.socket = tls.server_context().wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://{LOOPBACK}:{server.server_port}"
        server.shutdown()


def trust_store(tls: Tls, path: Path) -> Path:
    command = ["keytool", "-importcert", "-noprompt", "-alias", "tests", "-storepass", "secret", "-file"]
    subprocess.run([*command, str(tls.authority), "-keystore", str(path)], capture_output=True, check=True)
    return path


def test_the_jvms_clients_call_whom_they_trust_and_no_other(tmp_path: Path) -> None:
    places = [tmp_path / "trusted", tmp_path / "stranger"]
    for place in places:
        place.mkdir()
    trusted, stranger = (Tls(place) for place in places)
    store = trust_store(trusted, tmp_path / "store.p12")
    with serving(trusted) as known, serving(stranger) as unknown:
        quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Daws.maxAttempts=1"]
        trust = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=secret"]
        asked = subprocess.run(
            ["java", *quick, *trust, "-cp", os.pathsep.join(jvm.jars()), str(PROGRAM), known, unknown],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    answers = dict(line.partition("=")[::2] for line in asked.stdout.splitlines() if "https" in line)
    assert [answers[f"{client} {known}"] for client in ("netty", "apache")] == ["[Orders]", "[Orders]"]
    refused = {answers[f"{client} {unknown}"] for client in ("netty", "apache")}
    assert refused == {"SunCertPathBuilderException"}, asked.stdout + asked.stderr
