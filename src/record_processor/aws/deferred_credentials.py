"""Credentials that are looked for when the first request is signed, not when the client is made.

Looking may ask a file, a program, or a service on the network. A client that is made before a fork must not do that:
its connection, and the time at which what it got expires, belong to one process.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.session import Session


_may_look = True


@contextlib.contextmanager
def without() -> Iterator[None]:
    """Let no credentials be looked for meanwhile: there are none."""
    global _may_look
    _may_look = False
    try:
        yield
    finally:
        _may_look = True


def defer(session: Session) -> None:
    """Have the session's clients look for credentials when they need them; the SDK still decides where.

    While there are none, each request looks again and raises botocore's NoCredentialsError.
    """
    from botocore.credentials import Credentials
    from botocore.exceptions import NoCredentialsError

    find = session.get_component("credential_provider").load_credentials

    class Deferred(Credentials):
        """What the SDK signs with; it asks for these attributes and no others."""

        def __init__(self) -> None:
            self.method = "deferred"
            self._found: Any = None

        def get_frozen_credentials(self) -> Any:
            if self._found is None and _may_look:
                self._found = find()
            if self._found is None:
                raise NoCredentialsError
            return self._found.get_frozen_credentials()

        @property
        def account_id(self) -> Any:
            return self.get_frozen_credentials().account_id if _may_look else None

    # The public setter accepts only keys.
    session._credentials = Deferred()  # type: ignore[attr-defined]
