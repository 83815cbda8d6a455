"""Builds the Java side into the package, so that a wheel contains its jars and its users need only a JRE."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class JarsHook(BuildHookInterface[Any]):
    """Runs Maven in `java/` and copies what it made to where the worker looks for it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's interface
        """Put the jars beside the sources, and the bills of materials into the wheel's metadata."""
        root = Path(self.root)
        # Maven adds to it; what another version has left there must not be shipped.
        shutil.rmtree(root / "java" / "target" / "jars", ignore_errors=True)
        _run_maven(root / "java", self.metadata.version)
        _refuse_strangers(root / "src", root / "java" / "target" / "jars")
        _copy_jars(root / "java" / "target", root / "src" / "record_processor" / "host" / "jars")
        build_data["sbom_files"].extend(_write_sboms(root, self.metadata.version))


def _run_maven(java: Path, version: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise SystemExit(
            "record-processor is built with Maven and a JDK 17 or newer, and there is no mvn on the PATH.\n"
            "Install both (Debian: apt-get install maven default-jdk-headless), or install a wheel."
        )
    command = [maven, "-q", "-B", "-ntp", "-DskipTests", f"-Drevision={version}", "package"]
    subprocess.run(command, cwd=java, check=True)


def _refuse_strangers(sources: Path, jars: Path) -> None:
    """Fail if a jar is not one that was tested."""
    sys.path.insert(0, str(sources))
    from record_processor.host.jar_sums import mistakes, what_to_do

    if wrong := mistakes(jars.glob("*.jar")):
        raise SystemExit(what_to_do(wrong))


def _write_sboms(root: Path, version: str) -> list[str]:
    sys.path.insert(0, str(root))
    from supply_chain import sboms

    return [str(path.relative_to(root)) for path in sboms.write(root, version, root / "build" / "sboms")]


def _copy_jars(target: Path, destination: Path) -> None:
    shutil.rmtree(destination, ignore_errors=True)
    destination.mkdir(parents=True)
    shutil.copy(target / "record-processor-daemon.jar", destination)
    for jar in (target / "jars").glob("*.jar"):
        shutil.copy(jar, destination)
