"""What all tests of the deploy kit look at: its folders, and the properties that a platform's files must agree with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.config.properties import read_properties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.config.worker_configuration import WorkerConfiguration

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
# What a worker needs beyond shutdownGraceMillis: docs/how-to/deploy.md.
SPARE_SECONDS = 5


def configuration(properties: Path, environment: Mapping[str, str] | None = None) -> WorkerConfiguration:
    """Return what a worker reads from that file, without this shell's environment."""
    return read_properties(properties, [], environment or {})


def stop_seconds(properties: Path) -> float:
    """Return how long a platform must wait after SIGTERM before it kills that worker."""
    return configuration(properties).shutdown_grace_seconds + SPARE_SECONDS
