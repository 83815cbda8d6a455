"""Which settings of a webhook cannot work. No message shows a value that may be secret."""

from __future__ import annotations

import ipaddress
import re
import ssl
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from record_processor.actions.http import standard_webhooks
from record_processor.errors import InvalidSettingError

# Headers of ours, and those that define the structure of a request on its connection.
_NOT_THE_USERS = frozenset(
    {
        *standard_webhooks.HEADERS,
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_LONGEST_URL = 8192
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?|")


def address_of(url: str) -> SplitResult:
    """Return the parts of a usable URL; messages do not show it, since it may contain a secret."""
    if not re.fullmatch(r"[!-~]+", url) or len(url) > _LONGEST_URL:
        raise InvalidSettingError(
            "url", f"expected up to {_LONGEST_URL:,} of printable ASCII without spaces; write others as %20, or as xn--"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidSettingError("url", f"cannot be read: {type(error).__name__} in its host or port") from None
    if not _is_host(parts.hostname or "") or port == 0:
        raise InvalidSettingError(
            "url", "expected a host, and a port of 1 to 65535 if any; after xn-- the host is Punycode"
        )
    if "@" in parts.netloc:
        raise InvalidSettingError(
            "url", 'contains credentials, which would appear in logs: use headers: {authorization: "Basic …"} instead'
        )
    if parts.fragment:
        raise InvalidSettingError("url", "has a fragment (#), which is never sent: remove it, or write %23")
    return parts


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _HOST.fullmatch(host) is not None and not re.fullmatch(r"[0-9.]+", host) and _is_decodable(host)
    return True


def _is_decodable(host: str) -> bool:
    """Return whether its labels in Punycode are valid: httpx decodes them, and would fail at each call."""
    if not any(label.startswith("xn--") for label in host.split(".")):
        return True
    import idna  # comes with httpx

    try:
        idna.decode(host)
    except UnicodeError:
        return False
    return True


def check_headers(headers: dict[str, str]) -> None:
    lower = [name.lower() for name in headers]
    for name, value in headers.items():
        if name.lower() in _NOT_THE_USERS:
            raise InvalidSettingError("headers", f"{name} is set by the action itself")
        if not _HEADER_NAME.fullmatch(name):
            raise InvalidSettingError("headers", f"{name!a} is not a valid header name: expected letters, digits and -")
        if not _HEADER_VALUE.fullmatch(value):
            raise InvalidSettingError("headers", f"{name}: expected printable ASCII, without spaces around it")
        if lower.count(name.lower()) > 1:
            raise InvalidSettingError("headers", f"{name} is there twice")


def trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=Path(ca_file).read_text(encoding="ascii"))
    except (OSError, ssl.SSLError, ValueError) as error:
        raise InvalidSettingError("ca_file", f"{ca_file} cannot be used: {error}") from None
