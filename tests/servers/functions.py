"""Lambda's Invoke over functions in files: `FOLDER/NAME.py` has `handle(event, context)`. Run as a program.

A DryRun runs nothing.

Lambda answers 200 for a function that failed, with a header that says so; errors of the call itself have other codes.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
import runpy
import sys
import traceback
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

_LARGEST_BYTES = 6 * 1024 * 1024


class Functions(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        event = self.rfile.read(int(self.headers["content-length"]))
        name = unquote(self.path.split("?")[0]).split("/")[3].split(":")[-1]
        program = Path(sys.argv[2]) / f"{name}.py"
        if len(event) > _LARGEST_BYTES:
            self._answer(413, {"Message": "too large"}, {"x-amzn-errortype": "RequestTooLargeException"})
        elif not program.exists():
            self._answer(404, {"Message": f"no function {name}"}, {"x-amzn-errortype": "ResourceNotFoundException"})
        elif self.headers.get("x-amz-invocation-type") == "DryRun":
            self._answer(204, None, {})
        else:
            self._invoke(program, event)

    def _invoke(self, program: Path, event: bytes) -> None:
        given = json.loads(b64decode(self.headers.get("x-amz-client-context", "bnVsbA==")))
        # As Lambda's Python runtime has it: of what it is given, `custom` is a dictionary.
        client_context = None if given is None else SimpleNamespace(custom=given.get("custom"))
        context = SimpleNamespace(client_context=client_context)
        try:
            answer = runpy.run_path(str(program))["handle"](json.loads(event), context)
        except Exception as error:
            failure = {
                "errorMessage": str(error),
                "errorType": type(error).__name__,
                "stackTrace": traceback.format_tb(error.__traceback__),
            }
            self._answer(200, failure, {"x-amz-function-error": "Unhandled"})
        else:
            self._answer(200, answer, {})

    def _answer(self, status: int, content: object, headers: dict[str, str]) -> None:
        body = b"" if status == 204 else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**headers, "content-type": "application/json", "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Functions).serve_forever()
