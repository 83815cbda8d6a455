"""Replaces the actions of a worker that runs: read anew, checked first, and refused whole if something is wrong."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, NamedTuple

from record_processor.errors import RecordProcessorError, SetupError, described
from record_processor.fleet.worker_report import Reloaded
from record_processor.host import write_loops
from record_processor.host.check import check
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from record_processor.delivery.orders import Reload
    from record_processor.host.check import Checked
    from record_processor.host.development import Development
    from record_processor.host.run_directory import RunDirectory

log = Log("daemon.reload")

BY_SIGNAL = "SIGHUP"
_SKEW_SECONDS = 5.0
"""So far the clocks of whoever orders and of this host may be apart."""


class Sources(NamedTuple):
    """What the worker was started with."""

    path: Path
    overrides: Sequence[str]
    development: Development


class Reloader:
    """Does one reload after another, in a thread of its own. Thread-safe."""

    def __init__(
        self, sources: Sources, since: float, checked: Checked, directory: RunDirectory, streams: dict[str, str]
    ) -> None:
        """`since` is when the worker began to read its files (seconds since the epoch)."""
        self._sources = sources
        self._since = since
        self._configuration = checked.configuration
        self._directory = directory
        self._streams = streams
        self._replaced: Callable[[], None] = lambda: None
        self._asked: queue.SimpleQueue[Reload | None] = queue.SimpleQueue()
        self.last: Reloaded | None = None
        """What became of the last order."""
        self.actions = checked.actions
        """Those in force."""

    def begin(self, replaced: Callable[[], None]) -> None:
        """Follow orders from now on; `replaced` makes shard processes begin again."""
        self._replaced = replaced
        threading.Thread(target=self._run, name="reloader", daemon=True).start()

    def ask(self, ordered: Reload | None = None, is_first: bool = False) -> None:
        """Reload soon; None: because of a signal. May be called by a signal's handler.

        `is_first`: the worker found the order when it began to look for orders. It has read its files since, unless
        they were replaced and the order was given while it was starting.
        """
        if ordered is not None and is_first and ordered.at < self._since - _SKEW_SECONDS:
            self.last = Reloaded(ordered.number, None)
        else:
            self._asked.put(ordered)

    def _run(self) -> None:
        while True:
            ordered = self._asked.get()
            error = self._reload(ordered)
            if ordered is not None:
                self.last = Reloaded(ordered.number, error)

    def _reload(self, ordered: Reload | None) -> str | None:
        """Return why it was refused; None if it was not."""
        by = BY_SIGNAL if ordered is None else ordered.by
        reason = "" if ordered is None else ordered.reason
        try:
            names = self._replace()
        except RecordProcessorError as error:
            log.error("reload.refused", f"the actions stay as they were: {error}", by=by, reason=reason)
            return str(error)
        except Exception as error:  # whatever reading files may raise
            text = described(error)
            log.error("reload.refused", f"the actions stay as they were: {text}", exception=error, by=by, reason=reason)
            return text
        why = f": {reason}" if reason else ""
        log.warning("reload.begun", f"{by} has the actions replaced{why}", actions=names, by=by, reason=reason)
        return None

    def _replace(self) -> list[str]:
        """Return the names of the new actions. Raises what `check` raises."""
        sources = self._sources
        if self._configuration.executable_name is not None:
            raise SetupError(f"{sources.path}: executableName: your program reads its own configuration")
        checked = check(sources.path, [*sources.overrides, *sources.development.overrides()])
        write_loops.refuse(self._configuration.aws, list(self._streams.values()), checked.tables)
        actions = sources.development.actions(checked.actions)
        if checked.configuration != self._configuration:
            log.warning(
                "reload.properties_differ",
                f"{sources.path} has changed: its properties stay as they were until the worker is started again",
            )
        for warning in checked.warnings:
            log.warning("configuration.risky", str(warning))
        self._directory.write_actions(actions)
        self.actions = actions
        self._replaced()
        return [action["name"] for action in actions]
