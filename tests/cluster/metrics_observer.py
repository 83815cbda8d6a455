"""A scraper that asks every host for everything once a second, past every fault that the workers meet."""

from __future__ import annotations

import contextlib
import http.client
import threading
from typing import TYPE_CHECKING

from tests.harness import wait_for
from tests.http_get import get, series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.cluster import Cluster, Machine

PORT = 9464
PROPERTIES = {"metricsPort": str(PORT), "metricsAddress": "0.0.0.0"}  # noqa: S104 - of a host that nobody else reaches
_PAGES = ("/metrics", "/healthz", "/readyz", "/status.json")
_PATIENCE_SECONDS = 2.0
_SETTLE_SECONDS = 30.0


class MetricsObserver:
    """It must not disturb the workers, and must hear the truth when they are done."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._over = threading.Event()
        self.answered = 0
        self._broken: list[str] = []
        self._threads = [
            threading.Thread(target=self._scrape, args=(machine,), daemon=True) for machine in cluster.machines
        ]
        for thread in self._threads:
            thread.start()

    def wrongs(self) -> list[str]:
        """Return what was answered that was wrong, once all is done."""
        if not self.answered:
            return ["no scrape was answered"]
        try:
            wait_for(lambda: not list(self._unsettled()), "the metrics settle", _SETTLE_SECONDS)
        except AssertionError:
            return [f"metrics say after all is done: {one}" for one in self._unsettled()]
        return self._broken[:5]

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5 * _PATIENCE_SECONDS)

    def _scrape(self, machine: Machine) -> None:
        while not self._over.wait(1.0):
            for page in _PAGES:
                # A host may be down, cut off or asleep.
                with contextlib.suppress(OSError, http.client.HTTPException):
                    status, text = ask(machine, page)
                    self.answered += 1
                    if status not in (200, 503) or (page == "/metrics" and not text.endswith("\n")):
                        self._broken.append(f"{machine.name} {page}: {status} {text[:100]}")

    def _unsettled(self) -> Iterator[str]:
        leaders = 0.0
        for machine in self._cluster.machines:
            if not machine.running:
                continue
            try:
                health, text = ask(machine, "/healthz"), ask(machine, "/metrics")[1]
            except (OSError, http.client.HTTPException) as error:
                yield f"{machine.name}: {error!r}"
                continue
            if health[0] != 200:
                yield f"{machine.name}: {health[1]}"
            for name, value in series(text).items():
                leaders += value if name.startswith("leader") else 0
                if name.startswith(("lag_seconds", "pending_records", "blocked_shards")) and value:
                    yield f"{machine.name}: {name} {value}"
        if leaders != 1:
            yield f"{leaders:.0f} leaders"


def ask(machine: Machine, page: str) -> tuple[int, str]:
    return get(PORT, page, machine.host.address, _PATIENCE_SECONDS)
