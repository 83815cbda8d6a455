"""A proxy in front of all services that lets through what a policy allows, denies the rest, and remembers both."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.servers.answers import Answer, as_json, as_query_error, as_xml
from tests.servers.iam.calls import Reader, scope_of
from tests.servers.iam.policy import Statements
from tests.servers.process import LOOPBACK
from tests.servers.proxy import forward, handler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.answers import Request
    from tests.servers.iam.calls import Call
    from tests.servers.iam.policy import Permission

_MESSAGE = "User is not authorized to perform this, says the test"
# Nothing keeps metrics here.
_OF_CLOUDWATCH = as_xml(200, "<PutMetricDataResponse><ResponseMetadata/></PutMetricDataResponse>")


class Guard:
    """Before `enforce` it denies everything."""

    def __init__(self, upstreams: Mapping[str, str]) -> None:
        """Start.

        Args:
            upstreams: addresses, by the name of a service in signatures.
        """
        self._upstreams = upstreams
        self._reader = Reader()
        self.policy = Statements({"Version": "2012-10-17", "Statement": []})
        self.used: set[Permission] = set()
        self.denied: list[Call] = []
        self._server = ThreadingHTTPServer((LOOPBACK, 0), handler(self))
        self._server.daemon_threads = True
        self.address = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def enforce(self, document: Mapping[str, Any]) -> None:
        self.policy = Statements(document)
        self.used = set()
        self.denied = []

    def answer(self, request: Request) -> Answer:
        found = [(call, self.policy.allowing(call)) for call in self._reader.calls(request)]
        denied = [call for call, permission in found if permission is None]
        self.denied += denied
        if denied:
            return _denial(request)
        self.used |= {permission for _, permission in found if permission is not None}
        service = scope_of(request).service
        if service == "monitoring":
            return _OF_CLOUDWATCH
        answer = forward(self._upstreams[service], request)
        if answer.status == 200:
            self._reader.learn(request, answer.body)
        return answer

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _denial(request: Request) -> Answer:
    service = scope_of(request).service
    if service == "s3":
        return as_xml(403, f"<Error><Code>AccessDenied</Code><Message>{_MESSAGE}</Message></Error>")
    if service in ("monitoring", "sns", "sts"):
        return as_query_error(403, "AuthorizationError", _MESSAGE)
    if service == "lambda":
        return Answer(403, {"x-amzn-errortype": "AccessDeniedException"}, b'{"Message": "not authorized"}')
    return as_json(400, {"__type": "AccessDeniedException", "message": _MESSAGE})
