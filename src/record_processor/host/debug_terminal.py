"""The terminal of `run --debug`: what shard processes' debuggers print, and what is typed for them."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_READ_BYTES = 65536
_STDIN, _STDOUT = 0, 1


class DebugTerminal:
    """Listens at a path that only this user can reach, and serves one session at a time; the others wait."""

    def __init__(self, path: Path) -> None:
        self._input_ended = False
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        threading.Thread(target=self._serve, name="debug-terminal", daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._server.accept()
            with connection, contextlib.suppress(OSError):  # the shard process has ended
                self._relay(connection)

    def _relay(self, connection: socket.socket) -> None:
        """Pass input on until the session ends. Reading between sessions would stop a worker in the background."""
        if self._input_ended:
            connection.shutdown(socket.SHUT_WR)
        while True:
            sources = [connection.fileno(), *([] if self._input_ended else [_STDIN])]
            ready, _, _ = select.select(sources, [], [])
            if connection.fileno() in ready:
                shown = connection.recv(_READ_BYTES)
                if not shown:
                    return
                os.write(_STDOUT, shown)
            if _STDIN in ready:
                self._pass_on_input(connection)

    def _pass_on_input(self, connection: socket.socket) -> None:
        # Not sys.stdin, whose lock would be held by a reading thread at this process's end.
        typed = os.read(_STDIN, _READ_BYTES)
        if typed:
            connection.sendall(typed)
        else:
            self._input_ended = True
            connection.shutdown(socket.SHUT_WR)
