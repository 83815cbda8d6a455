"""What `record-processor run` does: everything that can fail first, then the JVM until its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor import logs
from record_processor.daemon import endpoints, jvm, streams, tables
from record_processor.daemon.check import Checked, check
from record_processor.daemon.files import RunDirectory
from record_processor.daemon.java import find_java
from record_processor.daemon.log_output import LogOutput
from record_processor.daemon.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logs.Log("daemon.run")

_LAST_LINE_SECONDS = 1.0


def run(path: Path, overrides: Iterable[str]) -> int:
    """Run a worker until it is asked to stop; the JVM's exit status.

    Raises:
        ConfigurationError, SetupError: and nothing was started.
    """
    checked = check(path, overrides)
    output = LogOutput()
    log_format = checked.properties.text("logFormat")
    logs.start(checked.properties.text("logLevel"), output, logs.form_named(log_format))
    java = find_java()
    stream_arns, stream_mode = _prepare_aws(checked)
    directory = RunDirectory()
    try:
        directory.write(checked, stream_arns, stream_mode)
        return _run_jvm(java, checked, directory, output)
    finally:
        directory.remove()


def _prepare_aws(checked: Checked) -> tuple[list[str], str]:
    properties = checked.properties
    clients = endpoints.connect(properties)
    stream_arns = streams.resolve(clients.tables, properties.stream_names)
    streams.verify(clients.streams, stream_arns)
    tables.prepare(clients.tables, properties)
    return stream_arns, tables.stream_mode(clients.tables, properties, len(stream_arns))


def _run_jvm(java: str, checked: Checked, directory: RunDirectory, output: LogOutput) -> int:
    properties = checked.properties
    log.info(
        "worker.starting",
        f"application {properties.text('applicationName')} on {', '.join(properties.stream_names)}",
        actions=[action["name"] for action in checked.actions],
    )
    machine = jvm.Jvm(
        jvm.command(java, properties, directory.properties_path),
        directory.child_environment(checked),
        properties.integer("shutdownGraceMillis") / 1000,
    )
    relay = Relay(machine.lines(), properties.text("logFormat"), output)
    status = machine.wait()
    relay.drain()
    log.info("worker.stopped", f"exit status {status}")
    output.drain(_LAST_LINE_SECONDS)
    return status
