"""The archive of Java's classes, which the other tests' workers then start with."""

from __future__ import annotations

import os
import subprocess
import zipfile
from importlib import resources
from pathlib import Path

import pytest

from record_processor.host import class_archive, jvm
from record_processor.host.find_java import find_java
from tests.harness import run_command
from tests.servers.process import require

OURS = "recordprocessor/"


def listed() -> set[str]:
    lines = (resources.files("record_processor.host") / "jvm_classes.txt").read_text().splitlines()
    return {line for line in lines if not line.startswith("@")}


def in_jars() -> set[str]:
    names: set[str] = set()
    for jar in jvm.jars():
        with zipfile.ZipFile(jar) as opened:
            names |= {name.removesuffix(".class") for name in opened.namelist() if name.endswith(".class")}
    return names


@pytest.fixture(scope="module")
def archive() -> Path:
    require("java")
    made = run_command("class-archive")
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.removesuffix(": ready\n"))


def test_a_jvm_with_a_workers_class_path_accepts_the_archive(archive: Path) -> None:
    # `-Xshare:on` ends a JVM that cannot use its archive.
    options = class_archive.options(find_java(), jvm.jars(), "")
    assert options == [f"-XX:SharedArchiveFile={archive}", *class_archive._AT_ITS_ADDRESS]
    command = [find_java(), "-Xshare:on", *options, "-cp", os.pathsep.join(jvm.jars()), "-version"]
    accepted = subprocess.run(command, capture_output=True, text=True, check=False)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr


def test_an_archive_is_made_once(archive: Path) -> None:
    before = archive.stat().st_mtime_ns
    assert run_command("class-archive").returncode == 0
    assert archive.stat().st_mtime_ns == before


def test_the_list_of_classes_is_that_of_these_jars() -> None:
    """`python -m supply_chain.class_list` writes a new one."""
    require("java")
    jdk = ("java/", "javax/", "jdk/", "sun/", "com/sun/", "org/xml/", "org/w3c/", "[")
    of_jars = {name for name in listed() if not name.startswith(jdk)}
    assert len(of_jars) > 4000
    assert len(of_jars & in_jars()) > 0.99 * len(of_jars), sorted(of_jars - in_jars())[:20]
    ours = {name for name in in_jars() if name.startswith(OURS)}
    assert len(listed() & ours) > 0.8 * len(ours), sorted(ours - listed())
