"""The run directory: what this process hands to the JVM and the children, readable by this user alone."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import uuid
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import javaproperties
import msgspec

from record_processor import redaction
from record_processor.daemon.keys import KEYS
from record_processor.worker import environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.daemon.check import Checked
    from record_processor.daemon.properties import Properties

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it, for this user alone

# What an old owner needs to end a shard's process, once its next renewal told it of a move.
_MOVE_MILLIS = 2000


class RunDirectory:
    """Files that live as long as the worker. In memory where the machine has /dev/shm: they hold secrets."""

    def __init__(self) -> None:
        parent = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
        self.path = Path(tempfile.mkdtemp(prefix="record-processor-", dir=parent))

    @property
    def properties_path(self) -> Path:
        return self.path / "daemon.properties"

    @property
    def actions_path(self) -> Path:
        return self.path / "actions.json"

    def write(self, checked: Checked, stream_arns: Sequence[str], stream_mode: str) -> None:
        content = environment.Content(checked.actions, redaction.remembered())
        self.actions_path.write_bytes(msgspec.json.encode(content))
        with self.properties_path.open("w", encoding="ascii") as file:
            javaproperties.dump(self._for_java(checked, stream_arns, stream_mode), file, timestamp=False)

    def child_environment(self, checked: Checked) -> Mapping[str, str]:
        """For all children; the Java side adds what differs from shard to shard."""
        return {
            environment.ACTIONS: str(self.actions_path),
            environment.CHECKPOINT_INTERVAL_MILLIS: checked.properties.text("checkpointIntervalMillis"),
            environment.GRACE_MILLIS: checked.properties.text("shutdownGraceMillis"),
            environment.LOG_LEVEL: checked.properties.text("logLevel"),
            environment.REGION: checked.properties.text("regionName"),
        }

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def _for_java(self, checked: Checked, stream_arns: Sequence[str], stream_mode: str) -> dict[str, str]:
        values = {name: value for name, value in checked.properties.written().items() if not KEYS[name].ours}
        values.setdefault("workerId", f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
        # KCL insists on these two, and the Java side uses neither.
        values["streamName"] = checked.properties.text("applicationName")
        values["executableName"] = checked.child_command[0]
        values["retrievalMode"] = "POLLING"
        # The Java side's own (DaemonProperties.java).
        values["childCommand"] = msgspec.json.encode(checked.child_command).decode()
        values["leaseFilesDirectory"] = str(self.path)
        values["streamArns"] = ",".join(stream_arns)
        values["streamMode"] = stream_mode
        values["trimmedData"] = checked.properties.text("trimmedData")
        values["balanceLeasesBy"] = checked.properties.text("balanceLeasesBy")
        if values["balanceLeasesBy"] == "number":
            values = {**_by_number(checked.properties), **values}
        return values


def _by_number(properties: Properties) -> dict[str, str]:
    """How KCL shares leases out by number, where the user did not write it."""
    # Leases are renewed three times in a failover time. A round that comes before the moves of the last one are over
    # would count them where they were, and move as many again.
    move_millis = int(properties.text("failoverTimeMillis")) / 3 + _MOVE_MILLIS
    return {
        # Where a worker reports its CPU, KCL evens that out and nothing else.
        "disableWorkerMetrics": "true",
        # Numbers of leases do not go up and down by themselves, so the whole difference can move at once.
        "dampeningPercentage": "100",
        "varianceBalancingFrequency": str(ceil(move_millis / int(properties.text("leaseAssignmentIntervalMillis")))),
    }
