"""Versions are written in one place each; where two places must agree, this compares them."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

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
