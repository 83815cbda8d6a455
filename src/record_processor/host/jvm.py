"""The JVM: its command, its life and its end."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.config import jvm_options
from record_processor.config.choices import LogLevel
from record_processor.errors import SetupError
from record_processor.host import class_archive, jvm_tuning
from record_processor.logs.log_events import Log
from record_processor.system import boot_time, processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

    from record_processor.config.worker_configuration import WorkerConfiguration
    from record_processor.host.run_directory import RunDirectory

log = Log("daemon.jvm")

# First on the class path: it contains the log configuration.
_OURS = "record-processor-daemon.jar"
_MAIN = "software.amazon.kinesis.multilang.StreamsDaemon"
_OPTIONS = (
    # The shard processes use UTF-8 whatever the locale; Java 17 would follow the locale.
    "-Dfile.encoding=UTF-8",
    "-Dsun.stdout.encoding=UTF-8",
    "-Dsun.stderr.encoding=UTF-8",
    "-Dlogback.configurationFile=record-processor-logback.xml",
    # The adapter polls every shard in the common pool, which has one thread fewer than the host has cores: without
    # this, a host with four cores would poll three shards at a time.
    "-Djava.util.concurrent.ForkJoinPool.common.parallelism=256",
    # Otherwise all options, including jvmOptions, are in a file in the temporary folder, which a killed JVM leaves
    # behind.
    "-XX:+PerfDisableSharedMem",
)
_LOGBACK_LEVELS = {LogLevel.WARNING: "warn"}
# After the grace time the JVM ends the shard processes and itself; this much later we end them.
_MARGIN_SECONDS = 5.0
_LOOK_UP_SECONDS = 1.0
# The action `log` writes a record of up to 400 KB twice, with escapes. Longer lines are not ours.
_LONGEST_LINE_BYTES = 4 * 1024 * 1024


def command(java: str, configuration: WorkerConfiguration, directory: RunDirectory) -> list[str]:
    """Return the whole command line. Every user of the host can read it, so it contains nothing that a user wrote."""
    class_path = jars()
    level = _LOGBACK_LEVELS.get(configuration.log.kcl_level, configuration.log.kcl_level.value)
    return [
        java,
        *_OPTIONS,
        f"-DrecordProcessor.kclLogLevel={level}",
        # Nothing below warnings for what is sent and signed.
        f"-DrecordProcessor.wireLogLevel={level if level == 'error' else 'warn'}",
        f"-DrecordProcessor.bootTimeAheadSeconds={boot_time.ahead_of_uptime_seconds()}",
        *jvm_tuning.options(configuration.jvm_options),
        *class_archive.options(java, class_path, configuration.jvm_options),
        *jvm_options.arguments(configuration.jvm_options, directory.jvm_options_path),
        "-cp",
        os.pathsep.join(class_path),
        _MAIN,
        str(directory.properties_path),
    ]


class Jvm:
    """A running JVM and everything that it starts, which ends with it: its session, and what left that (by a marker).

    Closing its standard input asks it to stop, as does the death of this process: then it cleans up by itself.

    Args:
        command: with its arguments.
        environment: what it has in addition to this process's.
        grace_seconds: how long a stop may take.
        held: descriptors that it must keep open too, for as long as it lives.
    """

    def __init__(
        self, command: list[str], environment: Mapping[str, str], grace_seconds: float, held: Sequence[int] = ()
    ) -> None:
        self._grace_seconds = grace_seconds
        self._stopping = False
        self._timer: threading.Timer | None = None
        self._mark = secrets.token_hex(8)
        # Before the start: a signal in between must not end this process and leave a JVM behind.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment, processes.WORKER_MARK: self._mark},
            # Out of reach of a terminal's Ctrl-C, which would hit the JVM and shard processes in the middle of their
            # work.
            start_new_session=True,
            pass_fds=held,
        )
        if self._stopping:
            self._ask_to_stop()

    @property
    def process_id(self) -> int:
        """Also the id of its session."""
        return self._process.pid

    @property
    def is_stopping(self) -> bool:
        """Whether a signal has requested the end."""
        return self._stopping

    def finish(self) -> None:
        """Request a graceful end, from any thread, as a signal would; `wait` waits for it."""
        self._ask_to_stop()

    def lines(self) -> Iterator[bytes]:
        """Yield lines of the JVM and the shard processes until all have closed it; huge lines come in pieces."""
        output = self._process.stdout
        assert output is not None  # noqa: S101 - Popen was told so
        return iter(lambda: output.readline(_LONGEST_LINE_BYTES), b"")

    def wait(self) -> int:
        """Wait for the end; return its status as a shell would (128 + N for a JVM that signal N ended).

        Called by the main thread. That is the only one that carries out what a signal means, and it does not notice one
        that another thread got, or that came just before it began to wait: so it looks up once a second.
        """
        ended = threading.Thread(target=self._process.wait, name="jvm", daemon=True)
        ended.start()
        while ended.is_alive():
            ended.join(_LOOK_UP_SECONDS)
        status = self._process.wait()
        if self._timer is not None:
            self._timer.cancel()  # its process ids may belong to others by then
        self._end_group()
        return status if status >= 0 else 128 - status

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self._stopping:
            log.warning("worker.killed", f"{name} a second time: ending at once")
            self._end_group()
            return
        log.info("worker.stopping", f"{name}: finishing what is in hand", grace_seconds=self._grace_seconds)
        self._stopping = True
        if hasattr(self, "_process"):
            self._ask_to_stop()

    def _ask_to_stop(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 - Popen was told so
        self._process.stdin.close()
        if self._timer is None:
            self._timer = threading.Timer(self._grace_seconds + _MARGIN_SECONDS, self._end_group)
            self._timer.daemon = True
            self._timer.start()

    def _end_group(self) -> None:
        """End whatever is left: the JVM, shard processes that outlived it, programs and what they left behind."""
        processes.end_session(self._process.pid)
        processes.end_marked(processes.WORKER_MARK, self._mark)


def jars() -> list[str]:
    """Return the class path: only the jars of this package, and so not those that amazon-kclpy installs.

    Raises:
        SetupError: there are none.
    """
    found = sorted(Path(str(resources.files(__package__))).glob("jars/*.jar"), key=lambda jar: (jar.name != _OURS, jar))
    if not found:
        raise SetupError(
            f"there are no jars in record_processor/host/jars of {sys.prefix}: the package was installed "
            "incompletely. Install it again: pip install --force-reinstall --no-cache-dir record-processor"
        )
    return [str(jar) for jar in found]
