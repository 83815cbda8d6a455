"""Shows a worker at `metricsPort` and in its log: puts together what is known about it, and who tells it."""

from __future__ import annotations

import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from record_processor.errors import described
from record_processor.host.metrics import collecting, exposition, health, status_page
from record_processor.host.metrics.emf import EmfLines
from record_processor.host.metrics.figures import Looker
from record_processor.host.metrics.health import Life
from record_processor.host.metrics.server import Page, Server
from record_processor.host.process_usage import Usage
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from record_processor.config.worker_configuration import MonitoringSettings
    from record_processor.fleet.server_clock import ServerClock
    from record_processor.host.metrics.collecting import Identity
    from record_processor.host.metrics.figures import Figures
    from record_processor.host.shard_reports import ShardReports

log = Log("daemon.metrics")

_EMF_SECONDS = 60.0
_KEPT_SECONDS = 1.0
"""However often somebody asks, what is shown is made once in that time."""


class Monitoring:
    """Answers from its making to `close`, over all JVMs of the worker. Thread-safe."""

    def __init__(
        self,
        settings: MonitoringSettings,
        folder: Path,
        shards: ShardReports,
        clock: ServerClock,
        who: Identity,
        region: str,
        streams: Mapping[str, str],
        failover_seconds: float,
    ) -> None:
        """Begin to answer.

        Raises:
            SetupError: the port cannot be listened on.
        """
        self._per_shard = settings.has_shards
        self._who = who
        self._region = region
        self._streams = streams
        self._looker = Looker(folder, shards, clock)
        self._life = Life(time.time(), failover_seconds)
        self._usage: Callable[[], Usage] = lambda: Usage(None, None)
        self._lock = threading.Lock()
        self._figures: Figures | None = None
        self._pages: dict[str, Page] = {}
        self._looked_at = 0.0
        made = {
            "/metrics": self._metrics,
            "/healthz": self._health,
            "/readyz": self._ready,
            "/status.json": self._status,
        }
        pages = {path: self._kept(path, make) for path, make in made.items()}
        self._server = Server(settings.address, settings.port, pages) if settings.port else None
        if self._server is not None:
            place = f"[{settings.address}]" if ":" in settings.address else settings.address
            log.info("metrics.ready", f"at http://{place}:{settings.port}", pages=list(made))
        self._emf = EmfLines(who.application)
        self._writes_emf = settings.writes_emf
        if settings.writes_emf:
            threading.Thread(target=self._write_emf_always, name="emf", daemon=True).start()

    def begin(self, worker_id: str, usage: Callable[[], Usage]) -> None:
        """A JVM was started; `usage` returns what it and its shard processes use."""
        with self._lock:
            self._who = self._who._replace(worker_id=worker_id)
            self._life = self._life._replace(begun_at=time.time())
            self._usage = usage
            self._figures = None

    def end(self) -> None:
        """The JVM has ended."""
        with self._lock:
            self._life = self._life._replace(begun_at=None)
            self._figures = None
        if self._writes_emf:
            self._write_emf()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _write_emf_always(self) -> None:
        while True:
            time.sleep(_EMF_SECONDS)
            try:
                self._write_emf()
            except Exception as error:  # a bug here must not end the metrics for good
                log.error("metrics.failed", f"these metrics are left out: {described(error)}", exception=error)

    def _write_emf(self) -> None:
        with self._lock:
            figures = self._look()
            lines = self._emf.lines(collecting.samples(figures, self._who, per_shard=False), time.time())
        for line in lines:
            log.info("metrics.figures", "figures of the last minute", worker=self._who.worker_id, **line)

    def _kept(self, path: str, make: Callable[[Figures], Page]) -> Callable[[], Page]:
        """Return a page that is made anew once a second at most."""

        def page() -> Page:
            with self._lock:
                figures = self._look()
                found = self._pages.get(path)
                if found is None:
                    found = self._pages[path] = make(figures)
                return found

        return page

    def _look(self) -> Figures:
        now = time.monotonic()
        if self._figures is None or now - self._looked_at >= _KEPT_SECONDS:
            self._figures, self._looked_at = self._looker.look(self._usage()), now
            self._pages.clear()
        return self._figures

    def _metrics(self, figures: Figures) -> Page:
        text = exposition.text(collecting.samples(figures, self._who, self._per_shard))
        return Page(text.encode(), exposition.CONTENT_TYPE)

    def _health(self, figures: Figures) -> Page:
        return _verdict(health.ill(figures, self._life))

    def _ready(self, figures: Figures) -> Page:
        return _verdict(health.unready(figures, self._life))

    def _status(self, figures: Figures) -> Page:
        body = status_page.encoded(figures, self._who, self._region, self._streams)
        return Page(body, "application/json")


def _verdict(against: list[str]) -> Page:
    if not against:
        return Page(b"ok\n")
    return Page("".join(f"{one}\n" for one in against).encode(), status=HTTPStatus.SERVICE_UNAVAILABLE)
