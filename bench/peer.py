"""The Java processor beside ours: `java_peer/JavaPeer.java`, as a process."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.config.worker_configuration import KclTables
from record_processor.host import jvm, kcl_tables
from record_processor.host.find_java import find_java
from tests.harness import REGION

if TYPE_CHECKING:
    from tests.harness import Database

_SOURCE = Path(__file__).parent / "java_peer/JavaPeer.java"
# Java's own defaults but for the heap, which is the one that our JVM may have.
_OPTIONS = ("-Xmx256m",)


def compiled(folder: Path) -> Path:
    """Compile it into a folder, which is returned."""
    class_path = ":".join(jvm.jars())
    subprocess.run(["javac", "-d", str(folder), "-cp", class_path, str(_SOURCE)], check=True)
    return folder


def started(classes: Path, database: Database, application: str, arn: str, output: Path) -> subprocess.Popen[str]:
    """Start it, and return once it is about to read the shard."""
    kcl_tables.prepare(database.client, KclTables.from_values({"applicationName": application}))
    class_path = ":".join([*jvm.jars(), str(classes)])
    arguments = [database.endpoint, REGION, application, arn, str(output)]
    process = subprocess.Popen(
        [find_java(), *_OPTIONS, "-DrecordProcessor.kclLogLevel=off", "-cp", class_path, "JavaPeer", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    while (line := process.stdout.readline()).strip() != "started":
        if not line:
            raise RuntimeError(f"the Java processor ended with status {process.wait()}")
    return process
