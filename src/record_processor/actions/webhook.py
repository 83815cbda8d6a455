"""`webhook`: records are posted to an address as JSON, signed as Standard Webhooks has it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import importlib.util
import ssl
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from record_processor import __version__
from record_processor.actions import halves
from record_processor.actions.base import Action, ActionError, InvalidSettingError, PermanentError, Shard
from record_processor.actions.batch_response import raise_failures
from record_processor.actions.shapes import Shape, ShapedSettings, encoded
from record_processor.configuration.units import Duration, default

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from record_processor.worker.records import ChangeRecord

_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix, not a secret
_OURS = ("content-type", "webhook-id", "webhook-signature", "webhook-timestamp")
_TRY_AGAIN = frozenset({408, 425, 429})
_LONGEST_MESSAGE = 200


class WebhookSettings(ShapedSettings, kw_only=True, frozen=True):
    """Posts records to an HTTP address as JSON: one object, or all of a batch where it may have more than one."""

    url: Annotated[
        str,
        Meta(
            description="The address.",
            pattern="^https?://[^/]",
            extra={"expected": "an address that begins with http:// or https://"},
        ),
    ]
    headers: Annotated[dict[str, str], Meta(description="Headers to send beside ours.")] = msgspec.field(
        default_factory=dict
    )
    secret: Annotated[
        str | None,
        Meta(description="Signs each request (webhook-signature): a Standard Webhooks secret (whsec_…), or any text."),
    ] = None
    timeout: Annotated[Duration, Meta(description="How long an answer may take (10s).")] = default(Duration(10.0))
    ca_file: Annotated[
        str | None, Meta(description="PEM file of the authority to trust, instead of the public ones.")
    ] = None


class WebhookAction(Action[WebhookSettings]):
    """2xx means done, and 4xx that it cannot be helped, but for 408, 425 and 429; all else is tried again."""

    settings_type = WebhookSettings
    example = """\
- name: partner
  type: webhook
  url: ${PARTNER_URL:https://partner.example/hooks/orders}
  format: plain
  secret: ${PARTNER_SECRET}
  headers: {authorization: "Bearer ${PARTNER_TOKEN}"}
"""

    def __init__(self, settings: WebhookSettings) -> None:
        super().__init__(settings)
        if importlib.util.find_spec("httpx") is None:
            raise InvalidSettingError("type", "webhook needs httpx: pip install 'record-processor[webhook]'")
        _check_headers(settings.headers)
        if settings.timeout <= 0:
            raise InvalidSettingError("timeout", "expected more than 0s")
        self._key = None if settings.secret is None else _key(settings.secret)
        self._tls = None if settings.ca_file is None else _trusting(settings.ca_file)
        self._shape = Shape(settings)
        self._client: httpx.Client | None = None

    def open(self, shard: Shard) -> None:  # noqa: ARG002 - the interface's
        import httpx

        lanes = self.settings.concurrency
        self._client = httpx.Client(
            timeout=float(self.settings.timeout),
            limits=httpx.Limits(max_connections=lanes, max_keepalive_connections=lanes),
            verify=True if self._tls is None else self._tls,
            headers={"user-agent": f"record-processor/{__version__}", **self.settings.headers},
        )

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        halves.deliver(self._send, records)

    def _send(self, records: Sequence[ChangeRecord]) -> None:
        body = self._body(records)
        headers = {"content-type": "application/json", **self._signed(_message_id(records), body)}
        answer = self._post(body, headers)
        if not answer.is_success:
            raise _refusal(answer)
        raise_failures(_parsed(answer), records)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _body(self, records: Sequence[ChangeRecord]) -> bytes:
        shaped = [self._shape.of(record) for record in records]
        if self._shape.is_lambda:
            return encoded({"Records": shaped})
        # By what is configured, not by what happens to be there: the far side wants one or the other, always.
        return encoded(shaped[0] if self.batch_size == 1 else shaped)

    def _post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        import httpx

        if self._client is None:
            raise RuntimeError("opened before it delivers")
        try:
            return self._client.post(self.settings.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise ActionError(f"POST: {type(error).__name__}: {error}") from None

    def _signed(self, message_id: str, body: bytes) -> dict[str, str]:
        """The id is the same in every try, so that the far side can tell a repetition; the time is of this try."""
        timestamp = str(int(time.time()))
        headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
        if self._key is not None:
            signed = f"{message_id}.{timestamp}.".encode() + body
            digest = hmac.new(self._key, signed, hashlib.sha256).digest()
            headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
        return headers


def _check_headers(headers: dict[str, str]) -> None:
    for name, value in headers.items():
        if name.lower() in _OURS:
            raise InvalidSettingError("headers", f"{name} is set by the action itself")
        if not name.isascii() or not value.isascii() or any(ord(letter) < 32 for letter in name + value):
            raise InvalidSettingError("headers", f"{name}: expected printable ASCII")


def _key(secret: str) -> bytes:
    if not secret.startswith(_SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret[len(_SECRET_PREFIX) :], validate=True)
    except binascii.Error:
        raise InvalidSettingError("secret", f"expected base64 after {_SECRET_PREFIX}") from None


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=Path(ca_file).read_text(encoding="ascii"))
    except (OSError, ssl.SSLError, ValueError) as error:
        raise InvalidSettingError("ca_file", f"{ca_file} cannot be used: {error}") from None


def _message_id(records: Sequence[ChangeRecord]) -> str:
    if len(records) == 1:
        return records[0].event_id
    return hashlib.sha256(" ".join(record.event_id for record in records).encode()).hexdigest()


def _refusal(answer: httpx.Response) -> ActionError:
    message = f"POST: {answer.status_code} {answer.reason_phrase}: {answer.text[:_LONGEST_MESSAGE]}"
    if answer.is_redirect:
        return ActionError(f"{message} (redirects are not followed: write where it leads as the url)")
    if answer.is_client_error and answer.status_code not in _TRY_AGAIN:
        return PermanentError(message)
    return ActionError(message, _retry_after_seconds(answer.headers.get("retry-after", "")))


def _retry_after_seconds(header: str) -> float:
    """Seconds, or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def _parsed(answer: httpx.Response) -> Any:
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        return answer.json()
    except ValueError:
        return None
