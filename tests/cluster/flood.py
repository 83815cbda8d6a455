"""Questions without end, and connections that say nothing: `python -m tests.cluster.flood HOST:PORT/PATH...`.

It takes one address after the other: 1,000 requests per second for some seconds, then a rest. All the time every
address has connections that never send anything, or send a question and never read the answer. At its end, by SIGTERM,
it prints how many requests it tried and how many were answered in time.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import socket
import sys
import time
from collections import deque
from typing import NamedTuple, NoReturn

REQUESTS_PER_SECOND = 1000
_TICK_SECONDS = 0.01
_FLOOD_SECONDS = 8.0
_REST_SECONDS = 4.0
_ANSWERED_WITHIN_SECONDS = 1.0
_SILENT = 20
_DEAF = 20
"""How many of each an address has."""


class Target(NamedTuple):
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, text: str) -> Target:
        place, _, path = text.partition("/")
        host, _, port = place.rpartition(":")
        return cls(host, int(port), f"/{path}")


class Flood:
    def __init__(self) -> None:
        self._open: deque[tuple[float, socket.socket]] = deque()
        self.sent = self.answered = 0

    def run(self, target: Target) -> None:
        """Ask for some seconds, and rest."""
        end, due, sockets = time.monotonic() + _FLOOD_SECONDS, time.monotonic(), list[socket.socket]()
        while (now := time.monotonic()) < end:
            for one in sockets:
                self._ask(one, target)
            sockets = [connecting(target) for _ in range(int(REQUESTS_PER_SECOND * _TICK_SECONDS))]
            self._look(now)
            due += _TICK_SECONDS
            time.sleep(max(0.0, due - time.monotonic()))
        for one in sockets:
            one.close()
        time.sleep(_ANSWERED_WITHIN_SECONDS)
        self._look(time.monotonic())
        time.sleep(_REST_SECONDS)

    def _ask(self, one: socket.socket, target: Target) -> None:
        self.sent += 1
        with contextlib.suppress(OSError):  # the server accepts no more of them
            one.send(question(target))
        self._open.append((time.monotonic(), one))

    def _look(self, now: float) -> None:
        """Close what has had its time."""
        while self._open and self._open[0][0] <= now - _ANSWERED_WITHIN_SECONDS:
            _, one = self._open.popleft()
            with contextlib.suppress(OSError):
                self.answered += one.recv(16).startswith(b"HTTP/1")
            one.close()


def question(target: Target) -> bytes:
    return f"GET {target.path} HTTP/1.1\r\nHost: {target.host}:{target.port}\r\n\r\n".encode()


def connecting(target: Target) -> socket.socket:
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex((target.host, target.port))
    return one


def hanging(targets: list[Target]) -> list[socket.socket]:
    """Return connections that are silent, and some that ask for as much as they can and read none of it."""
    found = []
    for target in targets:
        found += [connecting(target) for _ in range(_SILENT + _DEAF)]
        time.sleep(0.1)
        for one in found[-_DEAF:]:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                one.send(question(target))
    return found


def _stop(_number: int, _frame: object) -> NoReturn:
    raise SystemExit


def main(*addresses: str) -> None:
    signal.signal(signal.SIGTERM, _stop)
    targets = [Target.of(address) for address in addresses]
    flood = Flood()
    with contextlib.suppress(SystemExit):
        for target in itertools.cycle(targets):
            sockets = hanging(targets)
            flood.run(target)
            for one in sockets:
                one.close()
    print(json.dumps({"sent": flood.sent, "answered": flood.answered}))


if __name__ == "__main__":
    main(*sys.argv[1:])
