"""What `record-processor run` does: everything that can fail first, then the JVM until its end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from record_processor.fleet.server_clock import ServerClock
from record_processor.host import jvm, run_directory_lock, write_loops
from record_processor.host.check import Checked, check
from record_processor.host.development import Development
from record_processor.host.find_java import find_java
from record_processor.host.log_output import LogOutput
from record_processor.host.log_relay import LogRelay
from record_processor.host.monitor import monitor
from record_processor.host.orders_watch import OrdersWatch
from record_processor.host.prepare import Prepared, prepare
from record_processor.host.reloader import Reloader, Sources
from record_processor.host.reporting import Reporting, TablesClient
from record_processor.host.run_directory import RunDirectory
from record_processor.host.shard_reports import ShardReports
from record_processor.logs import log_events
from record_processor.system.stop_signals import raise_stop_signals

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = log_events.Log("daemon.run")

_LAST_LINE_SECONDS = 1.0


def run(path: Path, overrides: Iterable[str], development: Development = Development()) -> int:  # noqa: B008
    """Run a worker until it is asked to stop; return the JVM's exit status.

    Raises:
        InvalidConfigError, SetupError: and nothing was started.
    """
    since = time.time()
    checked = check(path, [*overrides, *development.overrides()])
    development.check(checked.configuration.aws)
    checked = checked._replace(actions=development.actions(checked.actions))
    output = LogOutput()
    settings = checked.configuration.log
    log_events.start(settings.level.value, output, log_events.form_named(settings.format.value))
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(output.drain, _LAST_LINE_SECONDS)
        java = find_java()
        prepared = prepare(checked.configuration)
        # The accounts of tables that are given by name are known only now.
        write_loops.refuse(checked.configuration.aws, list(prepared.streams.values()), checked.tables)
        _remove_abandoned()
        directory = RunDirectory()
        at_the_end.callback(directory.remove)
        reloader = Reloader(Sources(path, [*overrides], development), since, checked, directory, prepared.streams)
        return _run(java, checked, prepared, directory, output, development, reloader)


def _remove_abandoned() -> None:
    for path in run_directory_lock.remove_abandoned():
        log.info("run_directory.removed", f"{path}: left by a worker that was killed, with what its actions use")


def _reload_on_signal(reloader: Reloader) -> None:
    """Let SIGHUP reload the actions, unless it means the end of a terminal, or is ignored."""
    if not os.isatty(0) and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda _number, _frame: reloader.ask())


def _warn(checked: Checked) -> None:
    for warning in checked.warnings:
        log.warning("configuration.risky", str(warning))
    for sentence in checked.exposed:
        log.warning("configuration.exposed", sentence)


def _run(
    java: str,
    checked: Checked,
    prepared: Prepared,
    directory: RunDirectory,
    output: LogOutput,
    development: Development,
    reloader: Reloader,
) -> int:
    """Run one JVM after another: if a table has a new stream, it takes another JVM to read it."""
    configuration = checked.configuration
    client = TablesClient(configuration, prepared)
    orders = OrdersWatch(
        client,
        configuration.tables.coordinator.name,
        directory.orders_path,
        reloader.ask,
        configuration.leases.failover_time_millis / 1000,
    )
    shards = ShardReports(directory.path)
    reporting = Reporting(configuration, prepared, client, shards, orders, reloader, time.time(), ServerClock())
    monitoring = monitor(checked, reporting, directory)
    _warn(checked)
    development.begin(directory.path)
    log.info(
        "worker.starting",
        f"application {configuration.application_name} on {', '.join(configuration.stream_names)}",
        actions=[action["name"] for action in checked.actions],
    )
    reloader.begin(orders.replaced_actions)
    _reload_on_signal(reloader)
    while True:
        directory.write(
            checked._replace(actions=reloader.actions), list(prepared.streams.values()), prepared.followed.mode
        )
        machine = jvm.Jvm(
            jvm.command(java, configuration, directory),
            {**directory.environment(checked), **development.environment(directory.path)},
            configuration.shutdown_grace_seconds,
            held=[directory.lock],
        )
        reporter = reporting.begin(directory.worker_id, machine.process_id)
        if monitoring is not None:
            monitoring.begin(directory.worker_id, reporter.usage)
        watch = prepared.watch(configuration.stream_check_interval_seconds, machine.finish)
        relay = LogRelay(machine.lines(), configuration.log.format.value, output)
        status = machine.wait()
        if monitoring is not None:
            monitoring.end()
        watch.stop()
        reporter.stop()
        relay.drain()
        if watch.changed and not machine.is_stopping:
            raise_stop_signals()  # until the next JVM has its own
        if machine.is_stopping or not watch.changed:
            orders.stop()
            log.info("worker.stopped", f"exit status {status}")
            return status
        prepared.streams.update(watch.streams)
