"""The run directory: what this process passes to the JVM and the shard processes, readable by this user only."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import uuid
from math import ceil
from typing import TYPE_CHECKING, Any

import javaproperties
import msgspec

from record_processor.config.choices import BalanceLeasesBy
from record_processor.host import run_directory_lock
from record_processor.system import private_files, shard_environment
from record_processor.text import redaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from record_processor.config.worker_configuration import LeaseSettings
    from record_processor.host.check import Checked

# How long an old owner needs to end a shard process after its next renewal told it of a handoff.
_HANDOFF_MILLIS = 2000


class RunDirectory:
    """Files that live as long as the worker, in memory if the machine has /dev/shm: they contain secrets."""

    def __init__(self) -> None:
        self.path, self.lock = run_directory_lock.make()
        self.worker_id = ""
        """Of the JVM that is started next, or runs."""

    @property
    def properties_path(self) -> Path:
        return self.path / "daemon.properties"

    @property
    def jvm_options_path(self) -> Path:
        return self.path / "jvm.options"

    @property
    def actions_path(self) -> Path:
        return self.path / "actions.json"

    @property
    def orders_path(self) -> Path:
        return self.path / "orders"

    def write(self, checked: Checked, stream_arns: Sequence[str], stream_mode: str) -> None:
        self.write_actions(checked.actions)
        text = io.StringIO()
        javaproperties.dump(self._for_java(checked, stream_arns, stream_mode), text, timestamp=False)
        private_files.write(self.properties_path, text.getvalue().encode("ascii"))

    def write_actions(self, actions: list[dict[str, Any]]) -> None:
        """Write what shard processes read when they start; one that is just reading gets these, or those before."""
        content = shard_environment.Content(actions, redaction.remembered())
        new = self.actions_path.with_suffix(".new")
        private_files.write(new, msgspec.json.encode(content))
        new.replace(self.actions_path)

    def environment(self, checked: Checked) -> Mapping[str, str]:
        """Return the environment for all shard processes; the Java side adds what differs from shard to shard."""
        configuration = checked.configuration
        traced = {shard_environment.TRACING: configuration.application_name} if configuration.has_tracing else {}
        return {
            **traced,
            shard_environment.ACTIONS: str(self.actions_path),
            shard_environment.CHECKPOINT_INTERVAL_MILLIS: str(configuration.checkpoint_interval_millis),
            shard_environment.GRACE_MILLIS: str(configuration.shutdown_grace_millis),
            shard_environment.ORDERS_FILE: str(self.orders_path),
            shard_environment.LOG_LEVEL: configuration.log.level.value,
            shard_environment.REGION: configuration.aws.region,
        }

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            run_directory_lock.remove(self.path)
        os.close(self.lock)

    def _for_java(self, checked: Checked, stream_arns: Sequence[str], stream_mode: str) -> dict[str, str]:
        configuration = checked.configuration
        values = dict(configuration.for_kcl)
        values.setdefault("workerId", f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
        self.worker_id = values["workerId"]
        # KCL insists on these two; the Java side uses neither.
        values["streamName"] = configuration.application_name
        values["executableName"] = checked.shard_command[0]
        values["retrievalMode"] = "POLLING"
        # The Java side's own (WorkerProperties.java).
        values["shardCommand"] = msgspec.json.encode(checked.shard_command).decode()
        if checked.forker_command is not None:
            values["forkerCommand"] = msgspec.json.encode(checked.forker_command).decode()
        # A program of the user's speaks KCL's protocol as it is.
        values["recordEncoding"] = "json" if configuration.executable_name is None else "base64"
        values["leaseFilesDirectory"] = str(self.path)
        values["streamArns"] = ",".join(stream_arns)
        values["streamMode"] = stream_mode
        values["stuckAfterMillis"] = str(configuration.stuck_after_millis)
        values["trimmedData"] = configuration.trimmed_data.value
        values["jvmReport"] = "off" if configuration.monitoring is None else "on"
        values["balanceLeasesBy"] = configuration.leases.balance_by.value
        if configuration.leases.balance_by is BalanceLeasesBy.NUMBER:
            values = {**_by_number(configuration.leases), **values}
        return values


def _by_number(leases: LeaseSettings) -> dict[str, str]:
    """Return how KCL shares leases out by number, unless the user wrote it."""
    # Leases are renewed three times in a failover time. A round that starts before the handoffs of the last one have
    # ended would count them at their old place, and move as many again.
    handoff_millis = leases.failover_time_millis / 3 + _HANDOFF_MILLIS
    return {
        # If a worker reports its CPU, KCL evens that out and nothing else.
        "disableWorkerMetrics": "true",
        # Numbers of leases do not fluctuate by themselves, so the whole difference can move at once.
        "dampeningPercentage": "100",
        "varianceBalancingFrequency": str(ceil(handoff_millis / leases.assignment_interval_millis)),
    }
