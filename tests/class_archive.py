"""An archive of the classes that a worker's JVM loads, so that the tests' many JVMs start with half the work.

`python -m tests.class_archive` makes it, in `java/target`, once for each state of the jars; without it all is the same,
only slower. (Class data sharing: the JVM checks by itself whether an archive goes with its class path.)
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from record_processor.daemon import jvm

FOLDER = Path(__file__).parents[1] / "java/target/class-archives"

_MAIN = "software.amazon.kinesis.multilang.StreamsDaemon"
# A worker that finds nobody at its endpoints has loaded most of what it loads at all.
_PROPERTIES = {
    "applicationName": "archive",
    "streamName": "T",
    "streamArns": "arn:aws:dynamodb:ddblocal:000000000000:table/T/stream/2026-01-01T00:00:00.000",
    "streamMode": "single",
    "regionName": "us-west-2",
    "dynamoDBEndpoint": "http://127.0.0.1:9",
    "kinesisEndpoint": "http://127.0.0.1:9",
    "AwsCredentialsProvider": "LocalCredentialsProvider",
    "executableName": "none",
    "childCommand": '["none"]',
    "trimmedData": "continue",
    "balanceLeasesBy": "number",
    "stuckAfterMillis": "600000",
    "maxRecords": "1000",
    "idleTimeBetweenReadsInMillis": "200",
    "initialPositionInStream": "TRIM_HORIZON",
    "failoverTimeMillis": "3000",
    "workerId": "archive",
}
_ENOUGH = b'"event":"kcl.unreachable"'


def option() -> str:
    """What makes a JVM use it, as a shell would write it; empty where it is not there."""
    java = shutil.which("java")
    if java is None:
        return ""
    archive = _archive(Path(java))
    return shlex.quote(f"-XX:SharedArchiveFile={archive}") if archive.exists() else ""


def make() -> None:
    java = shutil.which("java")
    if java is None or (archive := _archive(Path(java))).exists():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        unfinished = Path(folder) / "unfinished.jsa"
        _run(java, Path(folder), unfinished)
        unfinished.rename(archive)


def _archive(java: Path) -> Path:
    """Where it is, or will be: for this Java and these jars."""
    files = [java.resolve(), *map(Path, jvm.jars())]
    state = "".join(f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}\n" for file in files)
    return FOLDER / f"{hashlib.sha256(state.encode()).hexdigest()[:16]}.jsa"


def _run(java: str, folder: Path, archive: Path) -> None:
    properties = folder / "archive.properties"
    values = {**_PROPERTIES, "leaseFilesDirectory": str(folder)}
    properties.write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
    options = ["-Xmx256m", "-XX:+UseSerialGC", "-Dlogback.configurationFile=record-processor-logback.xml"]
    command = [java, *options, f"-XX:ArchiveClassesAtExit={archive}", "-cp", os.pathsep.join(jvm.jars())]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, _MAIN, str(properties)], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if _ENOUGH in line and not process.stdin.closed:
                process.stdin.close()  # so it is asked to stop
    assert archive.exists(), b"".join(said).decode(errors="replace")


if __name__ == "__main__":
    make()
