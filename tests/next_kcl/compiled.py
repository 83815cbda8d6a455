"""The class paths of today's KCL and of the next one, and what javac says to our sources with the next."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
JAVA = ROOT / "java"
TARGET = JAVA / "target/next-kcl"
OUR_JAR = ROOT / "src/record_processor/host/jars/record-processor-daemon.jar"

_CLIENT = "amazon-kinesis-client-3"
# Its start is most of what it takes: no optimizing compiler, one thread.
QUICK = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"]
_MESSAGE = re.compile(r"^(\w+\.java):\d+:\d+: (compiler\.err\S*)(?:: (.*))?$", re.MULTILINE)


def resolve() -> None:
    """Have Maven write the class path, unless it has done so for this `pom.xml` before."""
    pom = JAVA / "pom.xml"
    if not _is_resolved(pom):
        shutil.rmtree(TARGET, ignore_errors=True)
        maven = ["mvn", "-q", "-B", "-ntp", "-f", str(pom), "-P", "next-kcl", "generate-sources"]
        subprocess.run(maven, check=True)


def _is_resolved(pom: Path) -> bool:
    written = TARGET / "class-path"
    if not written.exists() or written.stat().st_mtime < pom.stat().st_mtime:
        return False
    # Maven's own folder may have been emptied since.
    return all(jar.exists() for jar in jars_then()) and any((TARGET / "today").glob(f"{_CLIENT}*.jar"))


def jars_then() -> list[Path]:
    """What our Java would run with; ours comes first."""
    return [OUR_JAR, *(Path(jar) for jar in (TARGET / "class-path").read_text().split(":"))]


def jars_today() -> list[Path]:
    """The same with today's client library; the other libraries are not what is compared."""
    (client,) = (TARGET / "today").glob(f"{_CLIENT}*.jar")
    return [client if jar.name.startswith(_CLIENT) else jar for jar in jars_then()]


def errors() -> set[str]:
    """Each as file, javac's name for it, and what it is about; lines are left out, since they move."""
    sources = [str(path) for path in (JAVA / "src/main/java").rglob("*.java")]
    class_path = ":".join(str(jar) for jar in jars_then()[1:])
    options = [
        "--release",
        "17",
        "-proc:none",
        "-implicit:none",
        "-Xlint:none",
        "-XDrawDiagnostics",
        "-Xmaxerrs",
        "1000",
    ]
    said = subprocess.run(
        ["javac", *QUICK, *options, "-d", str(TARGET / "classes"), "-cp", class_path, *sources],
        check=False,
        capture_output=True,
        text=True,
    )
    found = {_line(*match) for match in _MESSAGE.findall(said.stdout + said.stderr)}
    assert bool(found) == bool(said.returncode), said.stdout + said.stderr
    return found


def _line(file: str, name: str, details: str) -> str:
    # The first two say what it is about; the others are long, and differ between versions of javac.
    return " ".join([f"{file}:", name, *details.split(", ")[:2]])
