from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.http.bounded_http import Answer
from record_processor.actions.webhook import WebhookAction, WebhookSettings, _retry_after_seconds, refusal
from record_processor.errors import ActionError, InvalidSettingError, PermanentError
from tests.actions.delivery import SHARD, Delivery, change, changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.actions.sinks.web import WebhookSink

    StartDelivery = Callable[..., Delivery]

this_sink = pytest.mark.parametrize("sink", ["webhook"], indirect=True)


@this_sink
@pytest.mark.parametrize(("secret", "key"), [("whsec_c2VjcmV0", b"secret"), ("any text", b"any text")])
def test_the_signature_is_that_of_standard_webhooks(
    sink: WebhookSink, delivery: StartDelivery, secret: str, key: bytes
) -> None:
    running = delivery(sink.settings(), secret=secret, headers={"authorization": "Bearer t"})
    running.submit([change("item-1", 1)])
    running.finish()
    (request,) = sink.requests()
    headers = request["headers"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{request['body']}".encode()
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert headers["webhook-id"].startswith("item-1-1-")
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers["authorization"] == "Bearer t"
    assert headers["content-type"] == "application/json"


@this_sink
def test_one_record_is_an_object_and_a_batch_a_list_by_what_is_configured(
    sink: WebhookSink, delivery: StartDelivery
) -> None:
    for batch in ({"size": 1}, {"size": 10}):
        running = delivery(sink.settings(), batch=batch, template={"n": "{new.n}"})
        running.submit([change("item-1", 3)])
        running.finish()
    assert [json.loads(request["body"]) for request in sink.requests()] == [{"n": 3}, [{"n": 3}]]


@this_sink
def test_a_repetition_has_the_same_id_so_that_the_far_side_can_tell(sink: WebhookSink, delivery: StartDelivery) -> None:
    sink.faults.lose_the_answer(1)
    running = delivery(sink.settings())
    running.submit(changes(3, 1))
    running.finish()
    first, again, *_ = sink.requests()
    assert first["headers"]["webhook-id"] == again["headers"]["webhook-id"]
    assert first["body"] == again["body"]


@this_sink
def test_retry_after_is_obeyed(sink: WebhookSink, delivery: StartDelivery) -> None:
    sink.faults.throttle(1)  # with Retry-After: 1
    running = delivery(sink.settings())
    begun = time.monotonic()
    running.submit([change("item-1", 1)])
    running.finish()
    assert time.monotonic() - begun >= 1
    assert len(sink.requests()) == 1


@this_sink
def test_a_certificate_of_an_unknown_authority_is_refused(
    sink: WebhookSink, delivery: StartDelivery, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.harness import wait_for

    settings = {name: value for name, value in sink.settings().items() if name != "ca_file"}
    running = delivery(settings)
    running.submit([change("item-1", 1)])
    wait_for(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text, "it says why")
    assert sink.requests() == []


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ((400, 401, 403, 404, 409, 410, 413, 422), PermanentError),
        ((408, 425, 429, 500, 502, 503, 504, 301, 302, 308), ActionError),
    ],
)
def test_the_status_says_whether_trying_again_can_help(statuses: tuple[int, ...], kind: type[ActionError]) -> None:
    for status in statuses:
        error = refusal(Answer(status, "No", {"retry-after": "7", "location": "/there"}))
        assert type(error) is kind, status
        assert str(status) in str(error)
    assert refusal(Answer(503, "No", {"retry-after": "7"})).retry_after_seconds == 7


def test_a_retry_after_may_be_a_date() -> None:
    soon = datetime.now(timezone.utc) + timedelta(seconds=30)
    assert 28 < _retry_after_seconds(format_datetime(soon, usegmt=True)) <= 30
    assert _retry_after_seconds(format_datetime(soon - timedelta(hours=1), usegmt=True)) == 0
    assert _retry_after_seconds("17") == 17
    for nonsense in ("", "soon", "-1", "1e9", "9" * 400, "\u0663", "Mon, 99 Foo 99999 99:99:99 GMT"):
        assert _retry_after_seconds(nonsense) == 0, nonsense


@pytest.mark.parametrize(
    ("settings", "key", "says"),
    [
        ({"headers": {"Webhook-Id": "1"}}, "headers", "Webhook-Id is set by the action itself"),
        ({"headers": {"Content-Length": "1"}}, "headers", "Content-Length is set by the action itself"),
        ({"headers": {"transfer-encoding": "chunked"}}, "headers", "transfer-encoding is set by the action itself"),
        ({"headers": {"x": "a\nb"}}, "headers", "x: expected printable ASCII"),
        ({"headers": {"x": "caf\u00e9"}}, "headers", "x: expected printable ASCII"),
        ({"headers": {"x": " a"}}, "headers", "x: expected printable ASCII"),
        ({"headers": {"x y": "a"}}, "headers", "'x y' is not a valid header name"),
        ({"headers": {"x:": "a"}}, "headers", "is not a valid header name"),
        ({"headers": {"": "a"}}, "headers", "is not a valid header name"),
        ({"headers": {"x": "a", "X": "b"}}, "headers", "x is there twice"),
        ({"secret": "whsec_*"}, "secret", "expected base64 after whsec_"),
        ({"secret": ""}, "secret", "is empty"),
        ({"secret": "whsec_"}, "secret", "is empty"),
        ({"secret": "\n"}, "secret", "is empty"),
        ({"url": "https://"}, "url", "expected a host"),
        ({"url": "https://:443/x"}, "url", "expected a host"),
        ({"url": "https://x:99999/"}, "url", "cannot be read"),
        ({"url": "https://x:0/"}, "url", "expected a host, and a port"),
        ({"url": "https://[::1/"}, "url", "cannot be read"),
        ({"url": "https://a..b/"}, "url", "expected a host"),
        ({"url": "https://999.1.1.1/"}, "url", "expected a host"),
        ({"url": "https://a,b/"}, "url", "expected a host"),
        ({"url": "https://XN--a.example/"}, "url", "after xn-- the host is Punycode"),
        ({"url": "https://shop.xn--zzzz--/"}, "url", "after xn-- the host is Punycode"),
        ({"url": "https://x/" + "a" * 9000}, "url", "expected up to 8,192"),
        ({"url": "https://a b/"}, "url", "expected up to 8,192"),
        ({"url": "https://a/\r\nx: y"}, "url", "of printable ASCII"),
        ({"url": "https://user:word@x/"}, "url", "contains credentials"),
        ({"url": "https://x/#part"}, "url", "has a fragment"),
        ({"ca_file": "nowhere.pem"}, "ca_file", "nowhere.pem cannot be used"),
    ],
)
def test_what_cannot_work_is_refused_and_no_secret_shown(settings: dict[str, Any], key: str, says: str) -> None:
    with pytest.raises(InvalidSettingError, match=says) as refused:
        WebhookAction(WebhookSettings(**{"name": "a", "type": "webhook", "url": "https://x", **settings}))
    assert refused.value.key == key
    assert "word" not in str(refused.value)


def test_a_signed_webhook_over_http_is_warned_of_but_on_the_same_host(caplog: pytest.LogCaptureFixture) -> None:
    for url in ("http://localhost:1/", "https://partner.example/", "http://partner.example/"):
        action = WebhookAction(WebhookSettings(name="a", type="webhook", url=url, secret="s"))
        action.open(SHARD)
        action.close()
        assert ("unencrypted" in caplog.text) == url.startswith("http://partner"), url
