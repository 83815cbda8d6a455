"""`record-processor console` beside the hosts, with a browser that asks for every page of it once a second."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import statistics
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from tests.cluster.status_observer import unsettled
from tests.harness import COMMAND, wait_for
from tests.servers.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILTER = quote("eventName: [INSERT, MODIFY]")
_PATIENCE_SECONDS = 12.0
_SETTLE_SECONDS = 30.0
_ANSWERS = {
    "/api/dead-letters/read": (200, 202, 409, 502),  # still reading, somebody else's reading
    "/api/tail": (200,),
}


class Answer(NamedTuple):
    status: int
    content: bytes


class ConsoleObserver:
    """It must not disturb the workers, and must show the truth when they are done."""

    def __init__(self, properties: Path, table: str) -> None:
        self.port = free_port()
        command = [*COMMAND, "console", str(properties), "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, cwd=properties.parent, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self._pages = ["/", "/app.js", "/console.css", "/api/state", "/api/dead-letters"]
        self._pages += ["/api/dead-letters/read?action=gate", f"/api/tail?table={table}&filter={_FILTER}"]
        self._over = threading.Event()
        self._broken: list[str] = []
        self.answered = self.busy = 0
        self.ages: list[float] = []
        """How old what `/api/state` showed was, in seconds; by a worker's report and not by the moment of the look."""
        self._thread = threading.Thread(target=self._browse, name="browser", daemon=True)
        self._thread.start()

    def wrongs(self) -> list[str]:
        """Return what was answered that was wrong, once all is done."""
        if self._process.poll() is not None:
            assert self._process.stderr is not None
            return [f"the console ended with {self._process.returncode}: {self._process.stderr.read()[-300:]}"]
        if not self.answered:
            return ["no page was answered"]
        try:
            wait_for(lambda: not list(self._unsettled()), "the console settles", _SETTLE_SECONDS)
        except AssertionError:
            return [f"the console says after all is done: {one}" for one in self._unsettled()]
        return self._broken[:5]

    def end(self) -> None:
        self._over.set()
        self._thread.join(2 * _PATIENCE_SECONDS)
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def figures(self) -> str:
        ages = sorted(self.ages) or [0.0]
        return (
            f"{self.answered} pages of the console ({self.busy} times busy; its data {statistics.median(ages):.1f} s "
            f"old in the median, {ages[int(len(ages) * 0.95)]:.1f} s in 95 %)"
        )

    def _browse(self) -> None:
        while not self._over.wait(1.0):
            for page in self._pages:
                # While a flood runs, or before it listens, it may have no connection left.
                with contextlib.suppress(OSError, http.client.HTTPException):
                    self._take_in(page, self._ask(page))

    def _take_in(self, page: str, answer: Answer) -> None:
        if answer.status == 503:
            self.busy += 1
            return
        self.answered += 1
        if answer.status not in _ANSWERS.get(page.partition("?")[0], (200,)):
            self._broken.append(f"{page}: {answer.status} {answer.content[:100]!r}")
        elif page == "/api/state":
            shown = json.loads(answer.content)["application"]
            late = time.time() - shown["at"]
            reported = [one["seen_seconds_ago"] for one in shown["workers"] if not one["is_late"]]
            self.ages += [late + one for one in reported if one is not None]

    def _unsettled(self) -> Iterator[str]:
        try:
            shown: dict[str, Any] = json.loads(self._ask("/api/state").content)
        except (OSError, http.client.HTTPException, ValueError) as error:
            yield repr(error)
            return
        if shown.get("error"):
            yield shown["error"]
        yield from unsettled(shown["application"])

    def _ask(self, page: str) -> Answer:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request("GET", page)
            answer = connection.getresponse()
            content = answer.read()
            is_gzip = answer.getheader("Content-Encoding") == "gzip"
            return Answer(answer.status, gzip.decompress(content) if is_gzip else content)
        finally:
            connection.close()
