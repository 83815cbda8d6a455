"""Java servers from Maven: fetched once, kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from record_processor.errors import SetupError
from record_processor.operate.terminal import say


def fetched(pom: Path, name: str, otherwise: str = "") -> Path:
    """The folder of the jars and native libraries that a POM lists, filled on first use.

    Raises:
        SetupError: there is no Maven, or it could not fetch them. `otherwise` says what else a user may do.
    """
    folder = cache() / f"{pom.name.removesuffix('.pom.xml')}-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        _fetch(pom, folder, name, otherwise)
    return folder


def cache() -> Path:
    """The folder in which this user keeps what is fetched once."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "record-processor"


def _fetch(pom: Path, folder: Path, name: str, otherwise: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise SetupError(
            f"{name} is fetched with Maven, and there is no mvn on the PATH. Install it (Debian: apt-get install maven)"
            + otherwise
        )
    say(f"fetching {name} with Maven, this once …", err=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="fetching-", dir=folder.parent))
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished}"]
    command = [maven, "-q", "-B", "-ntp", "-f", str(pom), *goal]
    if subprocess.run(command, stdout=2, check=False).returncode:
        shutil.rmtree(unfinished)
        raise SetupError(f"Maven could not fetch {name}; its own words stand above")
    try:
        unfinished.rename(folder)  # whole or not at all
    except OSError:
        shutil.rmtree(unfinished)  # another process was first
