"""The two bills of materials in the wheel (CycloneDX 1.6, in `.dist-info/sboms/`): for the jars, and for Python.

Both are identical whenever they are built from the same files: no serial number, no time.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from supply_chain import pins

if TYPE_CHECKING:
    from pathlib import Path

    from supply_chain.pins import Pin

PROJECT = "record-processor"
REQUIRED, OPTIONAL = "constraints-runtime.txt", "constraints-runtime-jre.txt"
# What only the extras `webhook` and `otel` ask for; with these comes everything that they bring.
_EXTRAS = frozenset({"httpx", "opentelemetry-exporter-otlp-proto-http", "opentelemetry-sdk"})


def write(root: Path, version: str, folder: Path) -> list[Path]:
    """Write both into a folder, the Java one as Maven made it.

    Args:
        root: the project's, after Maven's `package`.
        version: the project's.
        folder: created anew.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    java, python = folder / "java.cdx.json", folder / "python.cdx.json"
    shutil.copy(root / "java" / "target" / java.name, java)
    python.write_text(json.dumps(python_bom(root, version), indent=2) + "\n", encoding="utf-8")
    return [java, python]


def python_bom(root: Path, version: str) -> dict[str, Any]:
    """Return what an installation with `constraints-runtime.txt` has; what only extras need is optional."""
    required, jre = pins.read(root / REQUIRED), pins.read(root / OPTIONAL)
    everything = [*required, *(_of_project(pin) for pin in jre)]
    optional = {pin.name for pin in jre} | _only_for(_EXTRAS, required)
    refs = {PROJECT: f"pkg:pypi/{PROJECT}@{version}", **{pin.name: pin.purl for pin in everything}}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _project(version, refs[PROJECT])},
        "components": [_component(pin, pin.name in optional) for pin in everything],
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(pin.purl for pin in everything if name in pin.wanted_by)}
            for name, ref in refs.items()
        ],
    }


def _of_project(pin: Pin) -> Pin:
    return pins.Pin(pin.name, pin.version, pin.marker, pin.hashes, (PROJECT,))


def _project(version: str, ref: str) -> dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": ref,
        "name": PROJECT,
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "purl": ref,
    }


def _component(pin: Pin, optional: bool) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "scope": "optional" if optional else "required",
        "purl": pin.purl,
    }
    if pin.marker:
        component["properties"] = [{"name": f"{PROJECT}:marker", "value": pin.marker}]
    return component


def _only_for(names: frozenset[str], everything: list[Pin]) -> set[str]:
    """Return these releases, and what only they bring."""
    found = set(names)
    while more := {pin.name for pin in everything if pin.name not in found and set(pin.wanted_by) <= found}:
        found |= more
    return found
