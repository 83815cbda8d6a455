"""An archive of the classes that a worker's JVM loads, so that the tests' many JVMs start with half the work.

`python -m pytest tests/archive` makes it, in `java/target`, once for each state of the jars; without it all is as
with it, only slower. (Class data sharing: the JVM checks by itself whether an archive goes with its class path.)
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
from pathlib import Path

from record_processor.host import jvm

FOLDER = Path(__file__).parents[1] / "java/target/class-archives"
# Those of the workers that use it: another garbage collector has another form of archive.
OPTIONS = "-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def option() -> str:
    """What makes a JVM use it, as a shell would write it; empty where it is not there."""
    if shutil.which("java") is None:
        return ""
    archive = path()
    return shlex.quote(f"-XX:SharedArchiveFile={archive}") if archive.exists() else ""


def path() -> Path:
    """Where it is, or will be: for the `java` of the PATH and the jars as they are."""
    java = shutil.which("java")
    assert java is not None
    files = [Path(java).resolve(), *map(Path, jvm.jars())]
    state = "".join(f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}\n" for file in files)
    return FOLDER / f"{hashlib.sha256(state.encode()).hexdigest()[:16]}.jsa"
