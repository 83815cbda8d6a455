"""Who may change something: a page of this console, opened by somebody who has its token.

A token in a header cannot be sent by a page of somebody else, not even by a form; and the Origin says which page asks.
A token in an address would stand in histories and logs, so the server takes none from there.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from email.message import Message

TOKEN_HEADER = "X-Console-Token"  # noqa: S105 - its name
_JSON = "application/json"
_TOKEN_BYTES = 32


class Refusal(NamedTuple):
    status: int
    message: str


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def refusal(headers: Message, token: str) -> Refusal | None:
    """Return why a request may change nothing; None if it may. Its one Host header names this machine."""
    origins = headers.get_all("Origin", [])
    if len(origins) != 1 or origins[0].strip().lower() != f"http://{headers['Host'].strip()}".lower():
        return Refusal(403, "only the console's own page may change something")
    if headers.get_content_type() != _JSON:
        return Refusal(415, f"expected {_JSON}")
    given = headers.get_all(TOKEN_HEADER, [])
    if len(given) != 1 or not hmac.compare_digest(given[0].strip().encode(), token.encode()):
        return Refusal(401, "the token is missing or wrong: open the address that this console printed when it started")
    return None
