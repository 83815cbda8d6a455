"""HTTP calls that end in time and whose answers stay small, whatever the remote side does.

httpx's own timeouts apply to each read and write: a remote side that sends a byte now and then could hold a call
forever. So every step on the network gets what is left of the call's time.

Imports httpx: import this module only when the first call is near.
"""

from __future__ import annotations

import threading
import time
import zlib
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any, NamedTuple

import httpcore
import httpx

from record_processor.actions.http import bounded_resolver

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

# One piece fits into a socket that reports room, so that the clock is checked for each.
_WRITE_BYTES = 16384


class Answer(NamedTuple):
    """What came back: header names are in lower case; `content` is only the beginning if `cut`."""

    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes = b""
    cut: bool = False


class BoundedClient:
    """Connections to one address. Thread-safe; each thread makes one call at a time.

    Args:
        url: where each call goes.
        seconds: how long one call may take, from its start until its answer is read.
        connections: how many calls at a time.
        verify: what TLS trusts.
        headers: sent with every call.
    """

    def __init__(
        self, url: str, seconds: float, connections: int, verify: ssl.SSLContext | bool, headers: dict[str, str]
    ) -> None:
        self._url = httpx.URL(url)
        self._seconds = seconds
        self._deadline = _Deadline()
        self._client = httpx.Client(
            timeout=seconds,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            verify=verify,
            # No compressed answers are requested: a small one can be large inside.
            headers={**headers, "accept-encoding": "identity"},
        )
        # There is no public way to give a client of httpx its cookies, or the network for its connections.
        self._client._cookies = _NoCookies()
        for transport in (self._client._transport, *self._client._mounts.values()):
            pool: Any = getattr(transport, "_pool", None)
            if pool is not None:
                pool._network_backend = _BoundedNetwork(pool._network_backend, self._deadline)

    def post(self, content: bytes, headers: Mapping[str, str], most_bytes: int) -> Answer:
        """Make a call and return its answer, of which at most `most_bytes` are read.

        Raises:
            httpx.TimeoutException: the time is over.
            httpx.HTTPError: anything else that goes wrong on the way.
        """
        self._deadline.end = time.monotonic() + self._seconds
        with self._client.stream("POST", self._url, content=content, headers=dict(headers)) as response:
            read = bytearray()
            for chunk in response.iter_raw():
                read += chunk
                if len(read) > most_bytes:
                    break
        unpacked, cut = _unpacked(bytes(read), response.headers.get("content-encoding", ""), most_bytes)
        return Answer(response.status_code, response.reason_phrase, response.headers, unpacked, cut)

    def close(self) -> None:
        self._client.close()


def _unpacked(content: bytes, encoding: str, most_bytes: int) -> tuple[bytes, bool]:
    """Return the content of an answer, up to a size, and whether there was more."""
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return content[:most_bytes], len(content) > most_bytes
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)  # of either kind
    try:
        return unpacking.decompress(content, most_bytes), not unpacking.eof
    except zlib.error:
        return b"", True


class _NoCookies(httpx.Cookies):
    """Ignores the remote side's cookies: they would be sent with every call, and accumulate."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Accept none."""


class _Deadline(threading.local):
    """When this thread's call must be over (monotonic)."""

    end = 0.0

    def left(self, timeout: float | None, parts: int = 1) -> float:
        """Return the seconds left, at most `timeout`, or one of so many equal parts of them."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the call's time limit has passed")
        return min(left, left if timeout is None else timeout) / parts


class _BoundedNetwork(httpcore.NetworkBackend):
    def __init__(self, network: httpcore.NetworkBackend, deadline: _Deadline) -> None:
        self._network = network
        self._deadline = deadline

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *rest: Any, **more: Any
    ) -> _BoundedStream:
        """Try each of a host's addresses, each for an equal part of the time that is left."""
        addresses = _addresses(host, port, self._deadline.left(timeout))
        for number, address in enumerate(addresses):
            left = self._deadline.left(timeout, len(addresses) - number)
            try:
                stream = self._network.connect_tcp(address, port, left, *rest, **more)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number + 1 == len(addresses):
                    raise
            else:
                return _BoundedStream(stream, self._deadline)
        raise httpcore.ConnectError(f"{host} has no address")

    def sleep(self, seconds: float) -> None:
        self._network.sleep(min(seconds, self._deadline.left(None)))


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_BYTES):
            self._stream.write(buffer[start : start + _WRITE_BYTES], self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _BoundedStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _BoundedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    try:
        return bounded_resolver.addresses(host, port, seconds)
    except (FutureTimeoutError, TimeoutError):  # the same exception from Python 3.11 on
        raise httpcore.ConnectTimeout(f"{host}: its address could not be resolved in time") from None
    except OSError as error:
        raise httpcore.ConnectError(f"{host}: {error}") from None
