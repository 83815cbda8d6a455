"""Versions are written in one place each; where two places must agree, this compares them."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

import hatch_build
from record_processor.daemon import jar_sums, jvm

ROOT = Path(__file__).parents[2]
OURS = ROOT / "src/record_processor/daemon/jars"


def test_java_is_compiled_against_the_kcl_that_kclpy_installs() -> None:
    (version,) = re.findall(r"<kcl.version>(.+)</kcl.version>", (ROOT / "java/pom.xml").read_text())
    jars = Path(str(resources.files("amazon_kclpy"))) / "jars"
    assert (jars / f"amazon-kinesis-client-multilang-{version}.jar").exists()


def test_the_sdks_modules_that_we_ship_are_of_the_version_that_kclpy_installs() -> None:
    (version,) = re.findall(r"<awssdk.version>(.+)</awssdk.version>", (ROOT / "java/pom.xml").read_text())
    jars = Path(str(resources.files("amazon_kclpy"))) / "jars"
    assert (jars / f"sts-{version}.jar").exists()
    assert {"sso", "ssooidc"} <= {jar.name.removesuffix(f"-{version}.jar") for jar in OURS.glob("*.jar")}


def test_the_packages_version_is_that_of_its_metadata() -> None:
    from record_processor import __version__

    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_every_jar_on_the_class_path_is_the_one_that_is_recorded_and_no_other_is_recorded() -> None:
    jars = [Path(jar) for jar in jvm.jars()]
    assert jar_sums.mistakes(jars) == []
    recorded = {line.split()[1] for line in jar_sums.RECORD.read_text().splitlines()}
    assert recorded == {jar.name for jar in jars} - {jar_sums.OURS}


def test_a_jar_that_is_not_the_recorded_one_gets_into_no_package(tmp_path: Path) -> None:
    for name in ("sso-2.33.0.jar", "stranger-1.jar"):
        (tmp_path / name).write_bytes(b"another")
    with pytest.raises(SystemExit) as refused:
        hatch_build._refuse_strangers(ROOT / "src", tmp_path)
    assert "sso-2.33.0.jar: its SHA-256 is ae448ac8" in str(refused.value)
    assert "is recorded in jars.sha256" in str(refused.value)
    assert "stranger-1.jar: its SHA-256 is ae448ac8" in str(refused.value)
    assert "none is recorded in jars.sha256" in str(refused.value)


def test_a_jar_is_recorded_beside_the_others(tmp_path: Path) -> None:
    recorded, one, two = tmp_path / "jars.sha256", tmp_path / "one.jar", tmp_path / "two.jar"
    for jar in (one, two):
        jar.write_bytes(jar.name.encode())
    jar_sums.record([one], recorded)
    assert len(jar_sums.mistakes([one, two], recorded)) == 1
    jar_sums.record([two, tmp_path / jar_sums.OURS], recorded, before={"one.jar": "0"})
    assert [mistake.partition(":")[0] for mistake in jar_sums.mistakes([one, two], recorded)] == [str(one)]
