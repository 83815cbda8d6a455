"""The virtual environment of the local database: it needs another botocore, so it is never installed in ours."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

from record_processor.errors import SetupError
from record_processor.logs.terminal import say
from record_processor.system.cache import cache, made_once

_REQUIREMENTS = "ministack.txt"
# The first pip that can install into another environment.
_PIP_WITH_PYTHON = (22, 3)
_PIP_OPTIONS = ["--disable-pip-version-check", "--no-input", "--quiet"]


def python() -> Path:
    """Return the interpreter of that environment, which is created on first use.

    Raises:
        SetupError: it could not be created; standard error has what pip or venv said.
    """
    requirements = Path(str(resources.files(__package__))) / _REQUIREMENTS
    folder = cache() / f"ministack-{_key(requirements)}"
    interpreter = folder / "bin" / "python"
    if folder.exists() and not interpreter.exists():
        # The Python that it was created with is gone.
        shutil.rmtree(folder, ignore_errors=True)
    made_once(folder, lambda unfinished: _fill(unfinished, requirements))
    return interpreter


def _key(requirements: Path) -> str:
    """Return a different key for each set of packages, and for each Python."""
    parts = [requirements.read_bytes(), sys.base_prefix.encode(), sys.version.encode(), platform.machine().encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _fill(folder: Path, requirements: Path) -> None:
    say("installing the local database, ministack, into an environment of its own, this once …", err=True)
    interpreter = folder / "bin" / "python"
    # Without its own pip it is created in a fraction of the time, and Debian's python3-venv is not needed.
    lent = _our_pip_can()
    _run([sys.executable, "-m", "venv", *(["--without-pip"] if lent else []), str(folder)], _NO_VENV)
    pip = [sys.executable, "-m", "pip", "--python", str(interpreter)] if lent else [str(interpreter), "-m", "pip"]
    # Every package is listed, with the hashes of its files: nothing else is installed, from whatever index.
    what = ["--no-user", "--no-deps", "--require-hashes", "--requirement", str(requirements)]
    _run([*pip, *_PIP_OPTIONS, "install", *what], _NO_PACKAGES)


_NO_VENV = "a virtual environment could not be made in {place} (Debian: apt-get install python3-venv)"
_NO_PACKAGES = (
    "pip could not install the local database; see its output above. It needs the package index that pip is "
    "configured with, once. Or name another server's address in dynamoDBEndpoint and kinesisEndpoint"
)


def _run(command: list[str], otherwise: str) -> None:
    # Packages on a user's PYTHONPATH would count as installed.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=2, check=False).returncode:
        raise SetupError(otherwise.format(place=cache()))


def _our_pip_can() -> bool:
    """Return whether our environment has a pip that can install elsewhere."""
    try:
        numbers = importlib.metadata.version("pip").split(".")[:2]
        return tuple(int(number) for number in numbers) >= _PIP_WITH_PYTHON
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False
