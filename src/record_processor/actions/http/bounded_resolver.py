"""Host names looked up in time: the resolver's own timeouts take minutes if its servers do not answer."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future

Addresses = list[str]

_one_at_a_time = threading.Lock()
_pending: dict[tuple[str, int], Future[Addresses]] = {}
"""Lookups by host and port. None can be ended, so all callers that ask for one name wait for the same lookup."""


def addresses(host: str, port: int, seconds: float) -> Addresses:
    """Return the addresses of a host, the best first.

    Raises:
        concurrent.futures.TimeoutError: they were not found in time.
        OSError: there are none, or the resolver does not work.
    """
    with _one_at_a_time:
        found = _pending.get((host, port)) or _begin(host, port)
    return found.result(seconds)


def _begin(host: str, port: int) -> Future[Addresses]:
    future: Future[Addresses] = Future()
    threading.Thread(target=_look_up, args=(host, port, future), name="resolver", daemon=True).start()
    _pending[host, port] = future
    return future


def _look_up(host: str, port: int, future: Future[Addresses]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        future.set_result([str(address[0]) for *_, address in found])
    except Exception as error:  # a UnicodeError if it is not a name that can be looked up
        future.set_exception(error if isinstance(error, OSError) else OSError(str(error)))
    finally:
        with _one_at_a_time:
            del _pending[host, port]
