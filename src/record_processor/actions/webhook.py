"""`webhook`: records are posted to an address as JSON, signed according to Standard Webhooks."""

from __future__ import annotations

import importlib.util
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from record_processor import __version__
from record_processor.actions.http import standard_webhooks
from record_processor.actions.http.webhook_checks import address_of, check_headers, trusting
from record_processor.config.units import Duration, default
from record_processor.errors import ActionError, InvalidSettingError, PermanentError
from record_processor.logs.log_events import Log
from record_processor.plugin import bisection, trace_context
from record_processor.plugin.action import Action, CallTrace
from record_processor.plugin.partial_batch_response import parsed, raise_failures
from record_processor.plugin.record_format import FormattedSettings, RecordFormat, encoded
from record_processor.plugin.refusals import LET_GO_SECONDS, STATUSES, Refusals
from record_processor.records.stream import Shard
from record_processor.text.redaction import redacted
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.actions.http.bounded_http import Answer, BoundedClient
    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AddressProbe
    from record_processor.records.change_record import ChangeRecord

log = Log("actions.webhook")

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token")
_TRY_AGAIN = frozenset({408, 425, 429})
_LONGEST_MESSAGE = 200
_MOST_ANSWER_BYTES = 65536
# Enough for an answer that names each record of a batch.
_ANSWER_BYTES_A_RECORD = 128


class WebhookSettings(FormattedSettings, kw_only=True, frozen=True):
    """Posts records to an HTTP address as JSON: one object, or all of a batch where it may have more than one."""

    url: Annotated[
        str,
        Meta(
            description="The URL to post to.",
            pattern="^https?://[^/]",
            extra={"expected": "an address that begins with http:// or https://"},
        ),
    ]
    headers: Annotated[dict[str, str], Meta(description="Additional request headers.")] = msgspec.field(
        default_factory=dict
    )
    secret: Annotated[
        str | None,
        Meta(
            description="Signs each request (header webhook-signature). Either a Standard Webhooks secret (whsec_ "
            "followed by base64), or any other text, whose bytes are the key even if it looks like "
            "base64."
        ),
    ] = None
    timeout: Annotated[
        Duration,
        Meta(description="How long a call may take, from connecting to the end of the response. Default: 10s."),
    ] = default(Duration(10.0))
    ca_file: Annotated[
        str | None, Meta(description="PEM file of the certificate authority to trust instead of the public ones.")
    ] = None


class WebhookAction(Action[WebhookSettings]):
    """2xx means done; 4xx except 408, 425 and 429 means that a retry cannot help; anything else is retried.

    401, 403, 404 and the like (`refusals`) for many records in a row are an outage, which is waited for.
    """

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
        check_headers(settings.headers)
        self._address = address_of(settings.url)
        if settings.timeout <= 0:
            raise InvalidSettingError("timeout", "expected more than 0s")
        self._key = None if settings.secret is None else standard_webhooks.key_of(settings.secret)
        self._tls = None if settings.ca_file is None else trusting(settings.ca_file)
        self._shape = RecordFormat(settings)
        self._refusals = Refusals()
        self._takes_context = trace_context.NAMES.isdisjoint(map(str.lower, settings.headers))
        self._client: BoundedClient | None = None

    def warm_up(self, stream_region: str) -> None:  # noqa: ARG002 - the interface's
        from record_processor.actions.http import bounded_http  # noqa: F401 - it brings httpx

    def open(self, shard: Shard) -> None:  # noqa: ARG002 - the interface's
        from record_processor.actions.http.bounded_http import BoundedClient

        if self.warning:
            log.warning("webhook.unencrypted", self.warning, action=self.settings.name)
        self._client = BoundedClient(
            self.settings.url,
            float(self.settings.timeout),
            self.settings.concurrency,
            True if self._tls is None else self._tls,
            {"user-agent": f"record-processor/{__version__}", **self.settings.headers},
        )

    @property
    def warning(self) -> str:
        is_private = self._address.scheme == "https" or self._address.hostname in _LOOPBACK
        has_secret = self._key is not None or any(map(_is_secret, self.settings.headers.items()))
        if is_private or not has_secret:
            return ""
        return (
            f"{self.settings.name} has a secret, and sends unencrypted: anybody on the way can read what it sends, and "
            "send it again. Write an address that begins with https://"
        )

    @property
    def permissions(self) -> Sequence[Permission]:
        return ()  # calls no AWS service

    @property
    def probes(self) -> Sequence[AddressProbe]:
        from record_processor.aws.probes import AddressProbe  # no shard process asks

        is_tls = self._address.scheme == "https"
        host, port = self._address.hostname or "", self._address.port or (443 if is_tls else 80)
        return [AddressProbe(f"host {host}:{port}", host, port, is_tls, self.settings.ca_file)]

    @property
    def call_trace(self) -> CallTrace:
        # Not the path: it may contain a secret.
        host, port = (
            self._address.hostname or "",
            self._address.port or (443 if self._address.scheme == "https" else 80),
        )
        return CallTrace("client", {"server.address": host, "server.port": port})

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        bisection.deliver(self._send, records)

    def _send(self, records: Sequence[ChangeRecord]) -> None:
        body = self._body(records)
        message = standard_webhooks.message_id(self.settings.name, records)
        context = trace_context.current() if self._takes_context else {}
        signed = standard_webhooks.headers(message, body, self._key)
        headers = {**context, "content-type": "application/json", **signed}
        answer = self._post(body, headers, _MOST_ANSWER_BYTES + _ANSWER_BYTES_A_RECORD * len(records))
        if not 200 <= answer.status < 300:
            raise self._refusal(answer, records)
        self._refusals.taken()
        if answer.headers.get("content-type", "").lower().startswith("application/json"):
            raise_failures(parsed(answer.content), records)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _body(self, records: Sequence[ChangeRecord]) -> bytes:
        shaped = [self._shape.of(record) for record in records]
        if self._shape.is_lambda:
            return encoded({"Records": shaped})
        # This depends on the configuration, not on the number of records: the remote side always expects the same form.
        return encoded(shaped[0] if self.batch_size == 1 else shaped)

    def _post(self, body: bytes, headers: dict[str, str], most_bytes: int) -> Answer:
        import httpx

        if self._client is None:
            raise RuntimeError("opened before it delivers")
        try:
            return self._client.post(body, headers, most_bytes)
        except httpx.TimeoutException as error:
            seconds = f"{self.settings.timeout:g} s"
            raise ActionError(f"POST: took longer than {seconds} ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            said = shortened(str(error), _LONGEST_MESSAGE)  # it may contain a line of a header
            raise ActionError(f"POST: {type(error).__name__}: {said}") from None

    def _refusal(self, answer: Answer, records: Sequence[ChangeRecord]) -> ActionError:
        if answer.status in STATUSES:
            alone = records[0].sequence_number if len(records) == 1 else None
            if self._refusals.is_outage(alone):
                return ActionError(
                    f"{_said(answer)} (so for many records in a row: the address, the credentials or the far side's "
                    f"permissions are taken to be wrong, and not the records. They are tried until one is taken; every "
                    f"{LET_GO_SECONDS / 60:g} minutes one is given up nevertheless, in case it is to blame itself)",
                    _retry_after_seconds(answer.headers.get("retry-after", "")),
                )
        return refusal(answer)


def _is_secret(header: tuple[str, str]) -> bool:
    """Return whether a header holds a secret: by its name, or because its value came through `${…}`, as secrets do."""
    name, value = header
    return name.lower() in _SECRET_HEADERS or redacted(value) != value


def refusal(answer: Answer) -> ActionError:
    """Return what an unsuccessful answer means for a record that was sent alone."""
    if 300 <= answer.status < 400:
        return ActionError(f"{_said(answer)} (redirects are not followed: write where it leads as the url)")
    if 400 <= answer.status < 500 and answer.status not in _TRY_AGAIN:
        return PermanentError(_said(answer))
    return ActionError(_said(answer), _retry_after_seconds(answer.headers.get("retry-after", "")))


def _said(answer: Answer) -> str:
    text = shortened(answer.content, _LONGEST_MESSAGE, cut=answer.cut)
    return f"POST: {answer.status} {shortened(answer.reason, _LONGEST_MESSAGE)}: {text}"


def _retry_after_seconds(header: str) -> float:
    """Read seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", header):
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0
