"""What all tests of the deploy kit look at: its folders, and the properties that a platform's files must agree with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.config.properties import read_properties
from record_processor.tools.online.machine import look_for_shards

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.config.worker_configuration import WorkerConfiguration

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
# What a worker needs beyond shutdownGraceMillis: docs/how-to/deploy.md.
SPARE_SECONDS = 5
# So many are said to fit into a gibibyte, which both kits for containers give by default.
SHARDS_PER_GIBIBYTE = 48


def configuration(properties: Path, environment: Mapping[str, str] | None = None) -> WorkerConfiguration:
    """Return what a worker reads from that file, without this shell's environment."""
    return read_properties(properties, [], environment or {})


def needed_megabytes(shards: int) -> int:
    """Return what `check --online` says that a worker needs for that many shards, with an action of AWS."""
    *_, memory = look_for_shards(shards, "", uses_sdk=True, forks=True)
    (found,) = re.findall(r"need about ([\d,]+) MB", memory.found)
    return int(found.replace(",", ""))


def stop_seconds(properties: Path) -> float:
    """Return how long a platform must wait after SIGTERM before it kills that worker."""
    return configuration(properties).shutdown_grace_seconds + SPARE_SECONDS
