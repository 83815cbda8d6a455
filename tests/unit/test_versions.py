"""Versions are written in one place each; where two places must agree, this compares them."""

from __future__ import annotations

import re
import zipfile
from importlib import metadata, resources
from pathlib import Path

import pytest

import hatch_build
from record_processor import __version__
from record_processor.host import jar_sums, jvm

ROOT = Path(__file__).parents[2]
OURS = ROOT / "src/record_processor/host/jars"


def test_kcl_is_the_one_that_kclpy_speaks_with() -> None:
    (version,) = re.findall(r"<kcl.version>(.+)</kcl.version>", (ROOT / "java/pom.xml").read_text())
    jars = Path(str(resources.files("amazon_kclpy"))) / "jars"
    assert (jars / f"amazon-kinesis-client-multilang-{version}.jar").exists()


def test_the_class_path_has_our_jars_alone_and_the_log_configuration_first() -> None:
    jars = [Path(jar) for jar in jvm.jars()]
    assert {jar.parent for jar in jars} == {OURS}
    assert jars[0].name == jar_sums.OURS


def test_no_jar_is_there_in_two_versions() -> None:
    names = [re.sub(r"-[0-9][^-]*(-jre)?[.]jar", "", Path(jar).name) for jar in jvm.jars()]
    assert sorted(set(names)) == sorted(names)


def test_the_jvm_has_the_sdks_whole_chain_of_credentials() -> None:
    """None of these is in KCL's own list but `sts`."""
    (version,) = re.findall(r"<awssdk.version>(.+)</awssdk.version>", (ROOT / "java/pom.xml").read_text())
    assert {f"{module}-{version}.jar" for module in ("sso", "ssooidc", "sts")} <= {Path(jar).name for jar in jvm.jars()}


def test_the_packages_version_is_that_of_its_metadata() -> None:
    assert metadata.version("record-processor") == __version__


def test_our_jar_has_the_version_of_the_package() -> None:
    with zipfile.ZipFile(OURS / jar_sums.OURS) as jar:
        written = jar.read("META-INF/maven/recordprocessor/record-processor-daemon/pom.properties").decode()
    assert f"\nversion={__version__}\n" in f"\n{written}\n".replace("\r\n", "\n")


def test_the_image_has_the_version_of_the_package() -> None:
    assert f'org.opencontainers.image.version="{__version__}"' in (ROOT / "Dockerfile").read_text()


def test_no_other_file_writes_the_version_down() -> None:
    for name in ("pyproject.toml", "java/pom.xml", "mkdocs.yml", "compose.yaml"):
        assert __version__ not in re.findall(r"version>?\s*[=:]?\s*\"?([\d.]+)", (ROOT / name).read_text()), name


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


def test_a_record_is_of_all_jars_but_our_own(tmp_path: Path) -> None:
    recorded, one, two = tmp_path / "jars.sha256", tmp_path / "one.jar", tmp_path / "two.jar"
    for jar in (one, two):
        jar.write_bytes(jar.name.encode())
    jar_sums.record([one, tmp_path / jar_sums.OURS], recorded)
    assert [mistake.partition(":")[0] for mistake in jar_sums.mistakes([one, two], recorded)] == [str(two)]
