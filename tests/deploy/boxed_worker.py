"""A worker in a box as a kit makes it: a read-only root, some folders that are not, and no capabilities.

No container engine: the kernel's own means, and for whoever is not root a user namespace.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.deploy.kit import ROOT
from tests.event_log import EventLog
from tests.harness import PATIENCE_SECONDS, descendants, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Docker, containerd and Fargate make it so, whatever the root is.
SHARED_MEMORY = "/dev/shm"  # noqa: S108
_PLACE = "/mnt"
_TMPFS = "mount -t tmpfs -o mode=1777,nosuid,nodev,noexec,size=64m tmpfs"
_NO_CAPABILITIES = "setpriv --inh-caps=-all --bounding-set=-all --no-new-privs"


class BoxedWorker:
    """`record-processor run worker.properties` in `configuration`, which it sees as /mnt/app and cannot write to."""

    def __init__(
        self, configuration: Path, writable: Sequence[str], overrides: Mapping[str, str], environment: Mapping[str, str]
    ) -> None:
        settings = [word for name, value in overrides.items() for word in ("--set", f"{name}={value}")]
        # The checkout, and Python in it, may be below a folder that is hidden here.
        python = sys.executable.replace(f"{ROOT}/", f"{_PLACE}/checkout/")
        worker = [python, "-m", "record_processor", "run", "worker.properties", *settings]
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        script = "\n".join(_script(configuration, writable))
        self.process = subprocess.Popen(
            ["unshare", "--mount", *as_root, "sh", "-e", "-c", script, "sh", *worker],
            env={**os.environ, "PYTHONPATH": f"{_PLACE}/checkout/src", **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._log = EventLog(self.process.stderr)
        self.raw = self._log.raw

    def wait_for_event(self, event: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        wait_for(lambda: self._log.of(event) or self.process.poll() is not None, event, seconds)
        found = self._log.of(event)
        assert found, "".join(self.raw)
        return found[0]

    def stop(self, seconds: float) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        self._log.join()
        return status

    def end(self) -> None:
        for pid in [self.process.pid, *descendants(self.process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()


def _script(configuration: Path, writable: Sequence[str]) -> list[str]:
    """What makes the box, and then is the worker: its arguments."""
    checkout, app = f"{_PLACE}/checkout", f"{_PLACE}/app"
    return [
        "mount --make-rprivate /",
        f"mount -t tmpfs tmpfs {_PLACE}",
        f"mkdir {checkout} {app}",
        *(
            line
            for source, place in ((ROOT, checkout), (configuration, app))
            for line in (f"mount --bind '{source}' {place}", f"mount -o remount,bind,ro {place}")
        ),
        f"mount -o remount,ro {_PLACE}",
        # Every file system of the host: the checkout may be on another one than the root.
        "while read -r _ place type _; do",
        '  case "$type" in proc|sysfs|cgroup*|devpts|mqueue|devtmpfs) continue;; esac',
        '  mount -o remount,bind,ro "$place" 2>/dev/null || true',
        "done < /proc/mounts",
        *(f"{_TMPFS} {folder}" for folder in writable),
        f"cd {app}",
        # What has to be refused is refused.
        f'for place in / /var/tmp "$HOME" {checkout} {app}; do',
        '  if touch "$place/here" 2>/dev/null; then echo "$place is writable" >&2; exit 99; fi',
        "done",
        *(f"touch {folder}/here" for folder in writable),
        f'exec {_NO_CAPABILITIES} "$@"',
    ]
