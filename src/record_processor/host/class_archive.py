"""An archive of the classes that a worker's JVM loads: it halves the CPU time of a start, and saves memory.

Class data sharing: https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html. `record-processor
class-archive` makes it once for a Java and a set of jars, and never while a worker runs: the JVM that makes it needs
420 MB. A JVM checks by itself whether an archive fits it and its class path, and continues without it if not.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.errors import SetupError
from record_processor.logs.log_events import Log
from record_processor.system.cache import cache
from record_processor.text.safe_text import shortened_to_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

log = Log("daemon.jvm")

_CLASSES = "jvm_classes.txt"
"""The classes of a worker that started, read, delivered and stopped; `supply_chain.class_list` writes it."""
_MAKE_SECONDS = 300.0
_LAST_CHARACTERS = 2000
_WRITABLE_BY_OTHERS = 0o022
# Newer releases of Java 17 move it to a random address, which writes to all of its 67 MB, at each start: 0.2 s of CPU.
_AT_ITS_ADDRESS = ("-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0")
# If the user's options mention archives, this module adds nothing.
_OF_ARCHIVES = ("-Xshare", "-XX:SharedArchiveFile", "-XX:ArchiveClassesAtExit")


def options(java: str, jars: Sequence[str], jvm_options: str) -> list[str]:
    """Return the options for using the archive; none if there is no archive that can be trusted."""
    if any(word.startswith(_OF_ARCHIVES) for word in shlex.split(jvm_options)):
        return []
    try:
        archive = path(java, jars)
    except RuntimeError:  # a user without a home directory, as in a container with an arbitrary user id
        return []
    if not _is_trusted(archive):
        return []
    return [f"-XX:SharedArchiveFile={archive}", *(_AT_ITS_ADDRESS if _stays(archive).exists() else ())]


def path(java: str, jars: Sequence[str]) -> Path:
    """Return where the archive for this Java and these jars is, or would be."""
    files = [Path(java).resolve(), *map(Path, jars)]
    state = "".join(f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}\n" for file in files)
    return cache() / f"{_prefix(jars)}{_digest(state)}.jsa"


def make(java: str, jars: Sequence[str]) -> Path:
    """Make the archive unless it is there, and remove those of earlier states of the same jars.

    Raises:
        SetupError: the JVM could not make it, or there is no place for it.
    """
    try:
        archive = path(java, jars)
        archive.parent.mkdir(parents=True, exist_ok=True)
        # Whatever the umask is: a worker does not use what others can write.
        archive.parent.chmod(archive.parent.stat().st_mode & ~_WRITABLE_BY_OTHERS)
    except (OSError, RuntimeError) as error:
        raise SetupError(f"there is no place for the archive of classes: {error}; set XDG_CACHE_HOME") from error
    if archive.exists():
        return archive
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=archive.parent) as folder:
        unfinished = Path(folder) / "classes.jsa"
        _dump(java, jars, unfinished)
        # Before the new one is there, so that a failure here does not leave an archive that nobody looks for.
        for old in _earlier(archive, jars):
            old.unlink(missing_ok=True)
            _stays(old).unlink(missing_ok=True)
        if subprocess.run([java, *_AT_ITS_ADDRESS, "-version"], capture_output=True, check=False).returncode == 0:
            _stays(archive).touch()
        unfinished.rename(archive)
    return archive


def _dump(java: str, jars: Sequence[str], archive: Path) -> None:
    classes = Path(str(resources.files(__package__))) / _CLASSES
    command = [java, "-Xshare:dump", f"-XX:SharedClassListFile={classes}", f"-XX:SharedArchiveFile={archive}"]
    # The form of a heap depends on its maximum size; the warnings are about classes of other versions of Java.
    command += ["-Xmx256m", "-XX:+UseSerialGC", "-Xlog:disable", "-Xlog:all=error", "-cp", os.pathsep.join(jars)]
    try:
        made = subprocess.run(command, capture_output=True, text=True, timeout=_MAKE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"the archive of classes could not be made: {error}") from error
    if made.returncode or not archive.exists():
        words = shortened_to_end((made.stdout + made.stderr).strip(), _LAST_CHARACTERS)
        raise SetupError(
            f"the archive of classes could not be made; {java} ended with status {made.returncode}: {words}"
        )


def _is_trusted(archive: Path) -> bool:
    """Return whether it exists and nobody else can have written it: a JVM runs its content."""
    try:
        places = (archive.stat(), archive.parent.stat())
    except OSError:
        return False
    if all(place.st_uid in (os.getuid(), 0) and not place.st_mode & _WRITABLE_BY_OTHERS for place in places):
        return True
    log.warning("jvm.archive_ignored", f"{archive}: not used, since other users can write it or its folder")
    return False


def _stays(archive: Path) -> Path:
    """Return the file whose existence says that this Java knows the options to map the archive at its own address."""
    return archive.with_suffix(".stays")


def _earlier(archive: Path, jars: Sequence[str]) -> Iterator[Path]:
    return (found for found in archive.parent.glob(f"{_prefix(jars)}*.jsa") if found != archive)


def _prefix(jars: Sequence[str]) -> str:
    """Return a name's beginning that is the same for all states of the jars in one folder."""
    return f"classes-{_digest(str(Path(jars[0]).parent))}-"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
