"""Java servers from Maven: fetched once, kept in the user's cache."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING

from record_processor.logs.terminal import say
from record_processor.system.cache import cache, made_once

if TYPE_CHECKING:
    from pathlib import Path


def fetched(pom: Path, name: str) -> Path:
    """The folder of the jars and native libraries that a POM lists, filled on first use."""
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    folder = cache() / f"{pom.name.removesuffix('.pom.xml')}-{digest}"
    return made_once(folder, lambda unfinished: _fetch(pom, unfinished, name))


def _fetch(pom: Path, folder: Path, name: str) -> None:
    say(f"fetching {name} with Maven, this once …", err=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    subprocess.run(["mvn", "-q", "-B", "-ntp", "-f", str(pom), *goal], stdout=2, check=True)
