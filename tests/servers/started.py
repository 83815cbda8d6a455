"""The servers of a test run, each started when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers import catalogue
from tests.servers.tls import Tls

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.process import Server


class Servers:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """Where they keep what they keep."""
        self.tls = Tls(folder)
        self._started: dict[str, Server] = {}

    def get(self, name: str) -> Server:
        if name not in self._started:
            more = (self.tls.certificate,) if name == "receiver" else ()
            self._started[name] = getattr(catalogue, name)(self.folder, *more)
        return self._started[name]

    def end(self) -> None:
        for server in self._started.values():
            server.stop()
