"""Nothing on the class path and nothing that is installed with the package has a hole that is known here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib import metadata, resources
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from record_processor.host import jvm
from supply_chain import advisories
from supply_chain.advisories import Advisory, Release
from tests.unit.test_supply_chain import BILLS, bill

ROOT = Path(__file__).parents[2]
KNOWN = advisories.read()


@pytest.mark.parametrize("name", BILLS)
def test_nothing_that_a_worker_has_has_a_known_hole(name: str) -> None:
    assert advisories.holes(advisories.of_bom(json.loads(bill(name))), KNOWN) == []


def test_nothing_that_is_installed_here_has_a_known_hole() -> None:
    installed = [Release("pypi", canonicalize_name(one.name), one.version) for one in metadata.distributions()]
    assert advisories.holes(installed, KNOWN) == []


def groups() -> dict[str, str]:
    """The packages of the list, by the name that their jars have."""
    return {one.package.partition(":")[2]: one.package for one in KNOWN if one.ecosystem == "maven"}


def releases(jars: list[Path]) -> list[Release]:
    parts = [re.fullmatch(r"(.+?)-(\d.*)[.]jar", jar.name) for jar in jars]
    named = [match.groups() for match in parts if match is not None]
    return [Release("maven", groups()[name], version) for name, version in named if name in groups()]


def test_no_jar_on_the_class_path_has_a_known_hole() -> None:
    found = releases([Path(jar) for jar in jvm.jars()])
    assert {"io.netty:netty-handler", "ch.qos.logback:logback-core"} <= {one.package for one in found}
    assert advisories.holes(found, KNOWN) == []


def test_the_jars_that_kclpy_installs_would_be_found_out() -> None:
    jars = Path(str(resources.files("amazon_kclpy"))) / "jars"
    found = "\n".join(advisories.holes(releases(list(jars.glob("*.jar"))), KNOWN))
    assert (
        "netty-codec-http2 4.2.7.Final: CVE-2026-33871, CONTINUATION frames without a limit; fixed in 4.2.10" in found
    )
    assert "logback-core 1.3.15: CVE-2025-11226" in found
    assert "jackson-databind 2.15.0: CVE-2026-54513" in found


@pytest.mark.parametrize(
    ("version", "concerned"),
    [("4.1.99.Final", False), ("4.2.0.Final", True), ("4.2.9.Final", True), ("4.2.10.Final", False), ("4.10", False)],
)
def test_versions_are_compared_by_their_numbers(version: str, concerned: bool) -> None:
    advisory = Advisory("maven", "a:b", "4.2.0", "4.2.10", "CVE-1", "a hole")
    assert advisory.concerns(Release("maven", "a:b", version)) is concerned
    assert not advisory.concerns(Release("pypi", "a:b", version))


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "advisories.txt"
    file.write_text("# head\npypi urllib3 CVE-1 a hole\n")
    with pytest.raises(ValueError, match=r"advisories\.txt:2: found 'pypi urllib3 CVE-1 a hole'"):
        advisories.read(file)


def test_an_audit_without_its_tools_says_which_it_needs_and_is_none(tmp_path: Path) -> None:
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")
    done = subprocess.run(
        [shutil.which("bash") or "bash", str(ROOT / "scripts/audit")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "needs pip-audit (pip install pip-audit)" in done.stderr
