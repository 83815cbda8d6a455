"""What gives credentials at AWS, as far as a test needs it: instance metadata, a container's agent, STS, SSO."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTAINER_TOKEN = "container-token"
REFRESHED_TOKEN = "refreshed-by-oidc"
_END = "2036-01-01T00:00:00Z"
_END_MILLIS = 2082758400000


def of(key: str) -> dict[str, Any]:
    """Credentials in the shape of metadata and of `credential_process`."""
    secret = {"SecretAccessKey": "secret", "SessionToken": "session", "Token": "session"}
    return {"Version": 1, "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": key, **secret, "Expiration": _END}


def _sts(action: str) -> str:
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in of(action).items() if name not in ("Code", "Type"))
    role = "<Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>A:s</AssumedRoleId>"
    return (
        f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
        f"<Credentials>{fields}</Credentials><AssumedRoleUser>{role}</AssumedRoleUser></{action}Result></{action}Response>"
    )


class _Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        self._say("imds-token")

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/latest/meta-data/iam/security-credentials/":
            self._say("role")
        elif path == "/latest/meta-data/iam/security-credentials/role":
            self._say(json.dumps(of("imds")))
        elif path == "/container" and self.headers["authorization"] == CONTAINER_TOKEN:
            self._say(json.dumps(of("container")))
        elif path == "/federation/credentials" and self.headers["x-amz-sso_bearer_token"] == REFRESHED_TOKEN:
            role = {"accessKeyId": "sso", "secretAccessKey": "s", "sessionToken": "t", "expiration": _END_MILLIS}
            self._say(json.dumps({"roleCredentials": role}), "application/json")
        else:
            self._say("", status=404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.path == "/token":
            answer = {"accessToken": REFRESHED_TOKEN, "tokenType": "Bearer", "expiresIn": 3600, "refreshToken": "next"}
            self._say(json.dumps(answer), "application/json")
        else:
            self._say(_sts(parse_qs(body)["Action"][0]), "text/xml")

    def _say(self, text: str, kind: str = "text/plain", status: int = 200) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def started() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
