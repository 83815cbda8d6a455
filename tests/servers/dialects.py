"""How each service says that it is too busy, that it does not know the caller, and that it took a call in part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlencode

from tests.servers.answers import Answer, Request, as_json, as_query_error, as_xml

if TYPE_CHECKING:
    from collections.abc import Callable

_THROTTLED = ("ThrottlingException", "Rate exceeded")
_REFUSED = ("UnrecognizedClientException", "The security token included in the request is invalid.")


class Dialect(Protocol):
    def throttled(self) -> Answer: ...
    def refused(self) -> Answer: ...
    def partly(self, request: Request, forward: Callable[[Request], Answer]) -> Answer: ...


class Json:
    """AWS's JSON protocols; `entries` and `results` are where a batch and its results are, `failed` the count."""

    def __init__(self, entries: str = "", results: str = "", failed: str = "", throttled: str = _THROTTLED[0]) -> None:
        self._entries, self._results, self._failed = entries, results, failed
        self._throttled = throttled

    def throttled(self) -> Answer:
        return as_json(400, {"__type": self._throttled, "message": _THROTTLED[1]})

    def refused(self) -> Answer:
        return as_json(403, {"__type": _REFUSED[0], "message": _REFUSED[1]})

    def partly(self, request: Request, forward: Callable[[Request], Answer]) -> Answer:
        if not self._entries:
            return self.throttled()  # its calls have one entry each
        call = json.loads(request.body)
        kept = call[self._entries][::2]
        answer = forward(request._replace(body=json.dumps({**call, self._entries: kept}).encode()))
        content = json.loads(answer.body)
        results = content[self._results]
        merged: list[Any] = []
        for position in range(len(call[self._entries])):
            failure = {"ErrorCode": "InternalFailure", "ErrorMessage": "of this one"}
            merged.append(results[position // 2] if position % 2 == 0 else failure)
        return as_json(200, {**content, self._results: merged, self._failed: len(merged) - len(kept)})


class Sqs(Json):
    def partly(self, request: Request, forward: Callable[[Request], Answer]) -> Answer:
        call = json.loads(request.body)
        kept, failing = call["Entries"][::2], call["Entries"][1::2]
        answer = forward(request._replace(body=json.dumps({**call, "Entries": kept}).encode()))
        failed = [{"Id": one["Id"], "Code": "InternalError", "SenderFault": False} for one in failing]
        return as_json(200, {**json.loads(answer.body), "Failed": failed})


class Sns:
    """The query protocol: a form, and XML."""

    def throttled(self) -> Answer:
        return as_query_error(400, "Throttling", _THROTTLED[1])

    def refused(self) -> Answer:
        return as_query_error(403, "InvalidClientTokenId", _REFUSED[1])

    def partly(self, request: Request, forward: Callable[[Request], Answer]) -> Answer:
        kept: list[tuple[str, str]] = []
        failing: list[str] = []
        for name, value in parse_qsl(request.body.decode(), keep_blank_values=True):
            parts = name.split(".")
            number = int(parts[2]) if parts[0] == "PublishBatchRequestEntries" else None
            if number is not None and number % 2 == 0:
                failing += [value] if parts[3] == "Id" else []
                continue
            if number is not None:
                parts[2] = str((number + 1) // 2)
            kept.append((".".join(parts), value))
        answer = forward(request._replace(body=urlencode(kept).encode()))
        members = "".join(
            f"<member><Id>{one}</Id><Code>InternalError</Code><SenderFault>false</SenderFault></member>"
            for one in failing
        )
        body = answer.body.decode().replace("<Failed />", "").replace("<Failed/>", "")
        head, tag, tail = body.partition("</PublishBatchResult>")
        return Answer(200, {"content-type": "text/xml"}, f"{head}<Failed>{members}</Failed>{tag}{tail}".encode())


class S3:
    """Objects are written whole, so there is nothing partial but a call that fails."""

    def throttled(self) -> Answer:
        return as_xml(503, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")

    def refused(self) -> Answer:
        return as_xml(403, "<Error><Code>InvalidAccessKeyId</Code><Message>unknown key</Message></Error>")

    def partly(self, request: Request, forward: Callable[[Request], Answer]) -> Answer:  # noqa: ARG002
        return self.throttled()


class BatchResponse:
    """What takes Lambda's event and may answer with `batchItemFailures`: functions and webhooks."""

    def __init__(self, refusal: int) -> None:
        self._refusal = refusal

    def throttled(self) -> Answer:
        return Answer(429, {"x-amzn-errortype": "TooManyRequestsException", "retry-after": "1"}, b'{"message": "Rate"}')

    def refused(self) -> Answer:
        return Answer(self._refusal, {"x-amzn-errortype": _REFUSED[0]}, json.dumps({"message": _REFUSED[1]}).encode())

    def partly(self, request: Request, forward: Callable[[Request], Answer]) -> Answer:
        records = json.loads(request.body)["Records"]
        taken = len(records) // 2
        if taken:
            forward(request._replace(body=json.dumps({"Records": records[:taken]}).encode()))
        first = records[taken]["dynamodb"]["SequenceNumber"]
        return as_json(200, {"batchItemFailures": [{"itemIdentifier": first}]})
