"""Signatures as defined by Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from typing import TYPE_CHECKING

from record_processor.errors import InvalidSettingError
from record_processor.text.safe_text import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.records.change_record import ChangeRecord

HEADERS = ("webhook-id", "webhook-signature", "webhook-timestamp")
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix, not a secret


def key_of(secret: str) -> bytes:
    """Return the key for a secret: base64 after `whsec_`, anything else as it is.

    Raises:
        InvalidSettingError: it is empty, or not base64; the message does not show it.
    """
    if not secret.startswith(_SECRET_PREFIX):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret[len(_SECRET_PREFIX) :], validate=True)
        except (binascii.Error, ValueError):
            raise InvalidSettingError("secret", f"expected base64 after {_SECRET_PREFIX}") from None
    if not key.strip():
        raise InvalidSettingError(
            "secret", "is empty, so anyone could sign with it. Check the variable or file that it comes from"
        )
    return key


def message_id(action: str, records: Sequence[ChangeRecord]) -> str:
    """Return the id of a message: the same in every attempt, so that the remote side can recognize repetitions.

    Another action's message about the same change is a different one. The action's name is in the id as a digest, since
    a name may contain a dot, and an id must not.
    """
    if len(records) == 1:
        return f"{identifier(records[0].event_id)}-{_digest(action)[:12]}"
    return _digest(" ".join([action, *(record.event_id for record in records)]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def headers(message: str, body: bytes, key: bytes | None) -> dict[str, str]:
    """Return the headers of one attempt made now; without a signature if there is no key."""
    timestamp = str(int(time.time()))
    made = {"webhook-id": message, "webhook-timestamp": timestamp}
    if key is not None:
        digest = hmac.new(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        made["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return made
