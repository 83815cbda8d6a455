"""What compose.yaml takes away from a worker, it can do without. (No container engine: the kernel's own means.)"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.process import require

ROOT = Path(__file__).parents[2]
PLACE = "/mnt"
WORKERS = ("worker-1", "worker-2")
# As Docker has them: https://docs.docker.com/engine/storage/tmpfs/
TMPFS = "mount -t tmpfs -o mode=1777,nosuid,nodev,noexec,size=64m tmpfs"
NO_CAPABILITIES = "setpriv --inh-caps=-all --bounding-set=-all --no-new-privs"


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_of_compose_has_a_read_only_root_and_no_capabilities(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(volume.endswith(":ro") for volume in service["volumes"])


def test_a_configuration_is_checked_with_nothing_more_than_compose_leaves() -> None:
    for program in ("unshare", "setpriv"):
        require(program)
    writable = ["/dev/shm", *(mount.partition(":")[0] for mount in services()["worker-1"]["tmpfs"])]  # noqa: S108
    # The checkout, and Python in it, may be below a folder that is hidden here.
    python = sys.executable.replace(f"{ROOT}/", f"{PLACE}/")
    command = f"env PYTHONPATH={PLACE}/src {python} -m record_processor check {PLACE}/properties/local.properties"
    script = [
        "mount --make-rprivate /",
        f"mount --bind {ROOT} {PLACE}",
        f"mount -o remount,bind,ro {PLACE}",
        "mount -o remount,bind,ro /",
        *(f"{TMPFS} {folder}" for folder in writable),
        f"cd {PLACE}",
        "if touch here 2>/dev/null; then exit 99; fi",
        f"exec {NO_CAPABILITIES} {command}",
    ]
    # Whoever is not root is, in a user namespace.
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        ["unshare", "--mount", *as_root, "sh", "-e", "-c", "\n".join(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1 action" in done.stdout


def test_the_image_is_built_from_what_has_a_recorded_hash() -> None:
    installs = [line for line in (ROOT / "Dockerfile").read_text().replace("\\\n", "").splitlines() if " pip " in line]
    (build,) = (line.split("&&") for line in installs if "wheel" in line)
    assert all(any(way in step for way in ("--require-hashes", "--no-deps")) for step in build if " pip " in step)


def test_the_image_has_none_of_the_jars_that_kclpy_installs() -> None:
    steps = (ROOT / "Dockerfile").read_text().replace("\\\n", "").split("\nFROM ")
    assert "rm -r /opt/record-processor/lib/python3*/site-packages/amazon_kclpy/jars" in steps[1]


def test_both_stages_of_the_image_have_the_one_base_by_its_digest() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("FROM ")] == ["FROM ${BASE} AS build", "FROM ${BASE}"]
    (base,) = [line for line in lines if line.startswith("ARG BASE=")]
    assert re.fullmatch(r"ARG BASE=python:3\.\d+\.\d+-slim-trixie@sha256:[0-9a-f]{64}", base)
