"""Everybody who looks at a cluster while it works: all that an operator has, every second, and some who mean harm."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from tests.cluster import metrics_observer
from tests.cluster.browser_observer import BrowserObserver
from tests.cluster.console_observer import ConsoleObserver
from tests.cluster.metrics_observer import MetricsObserver
from tests.cluster.status_observer import StatusObserver
from tests.harness import COMMAND
from tests.servers.process import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.cluster import Cluster

# They would be on other machines, and not take the hosts' processors.
_NICER = ["nice", "-n", "15"]


class Observers:
    """`status` once a second and as a watch, every page of every host and of the console, floods, and silence."""

    def __init__(self, cluster: Cluster) -> None:
        worker = cluster.machines[0].worker
        assert worker is not None
        self._watch = StatusObserver(worker.properties_path)
        self._asker = StatusAsker(worker.properties_path)
        self._metrics = MetricsObserver(cluster)
        self._console = ConsoleObserver(worker.properties_path, cluster.table)
        address = f"http://{LOOPBACK}:{self._console.port}/"
        self._browser = BrowserObserver(address, cluster.folder, _NICER)
        hosts = [f"{machine.host.address}:{metrics_observer.PORT}/status.json" for machine in cluster.machines]
        console = f"{LOOPBACK}:{self._console.port}/api/state"
        # The console in turn with each of the hosts.
        addresses = [address for host in hosts for address in (host, console)]
        # Not nicer than the hosts: it would not come to 1,000 requests per second.
        command = [sys.executable, "-m", "tests.cluster.flood", *addresses]
        self._flood = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._sent = ""
        self._is_over = False

    def calm(self) -> None:
        """End floods and silence: what is asked for now is to be answered."""
        self._flood.send_signal(signal.SIGTERM)
        said, _ = self._flood.communicate(timeout=30)
        counts = json.loads(said)
        self._sent = f"{counts['sent']} requests of floods, of which {counts['answered']} were answered in time"

    def wrongs(self) -> dict[str, list[str]]:
        """Return what was told that is not true, by teller, once all is done."""
        return {
            "status that is not true": [*self._watch.wrongs(), *self._asker.wrongs()],
            "metrics that are not true": self._metrics.wrongs(),
            "console that is not true": self._console.wrongs(),
            "views that are not drawn": self._browser.wrongs(),
        }

    def end(self) -> str:
        """Return in figures what they did. It may be called again."""
        if self._is_over:
            return ""
        self._is_over = True
        if self._flood.poll() is None:
            self.calm()
        self._watch.end()
        self._asker.end()
        self._metrics.end()
        self._browser.end()
        self._console.end()
        answers = f"{self._asker.answers} times status, {self._metrics.answered} pages of hosts"
        drawn = f"{sum(self._browser.drawn.values())} views in a browser"
        return f"{answers}, {self._console.figures()}, {drawn}, {self._sent}"


class StatusAsker:
    """`record-processor status --json`, again a second after each answer."""

    def __init__(self, properties: Path) -> None:
        self._command = [*_NICER, *COMMAND, "status", str(properties), "--json"]
        self._over = threading.Event()
        self.answers = 0
        self._broken: list[str] = []
        self._thread = threading.Thread(target=self._run, name="status", daemon=True)
        self._thread.start()

    def wrongs(self) -> list[str]:
        return self._broken[:5] if self.answers else ["status was never answered"]

    def end(self) -> None:
        self._over.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            done = subprocess.run(self._command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                self.answers += 1
                json.loads(done.stdout)
            elif done.returncode != 2 or "Traceback" in done.stderr:  # 2: the database is away
                self._broken.append(f"status ended with {done.returncode}: {done.stderr[-300:]}")
            self._over.wait(max(0.0, 1.0 - (time.monotonic() - began)))
