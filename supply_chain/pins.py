"""The hashed files that `scripts/lock` writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PIN = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))?(?= --hash)"
    r"(?P<hashes>( --hash=sha256:[0-9a-f]{64})+)"
)


@dataclass(frozen=True)
class Pin:
    """One release.

    Attributes:
        name: as its index has it, in lower case.
        marker: for which interpreters; empty for all.
        hashes: SHA-256 of each of its files, in hex.
        wanted_by: the releases that ask for it, by name, and `record-processor`.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    wanted_by: tuple[str, ...]

    @property
    def purl(self) -> str:
        """Its package URL: https://github.com/package-url/purl-spec."""
        return f"pkg:pypi/{self.name}@{self.version}"


def read(path: Path) -> list[Pin]:
    """Return the releases in a file.

    Raises:
        ValueError: a line is not one that `scripts/lock` writes.
    """
    pins: list[Pin] = []
    entries = path.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    for number, line in enumerate(entries, start=1):
        text = " ".join(line.split())
        if text.startswith("# via ") and pins:
            pins[-1] = _wanted(pins[-1], text)
        elif text and not text.startswith("#"):
            pins.append(_pin(text, f"{path.name}: entry {number}"))
    return pins


def _pin(text: str, place: str) -> Pin:
    match = _PIN.fullmatch(text)
    if match is None:
        raise ValueError(f"{place}: found {text[:60]!r}, expected NAME==VERSION with hashes; run scripts/lock")
    hashes = tuple(part.partition(":")[2] for part in match["hashes"].split())
    return Pin(match["name"].lower(), match["version"], match["marker"] or "", hashes, ())


def _wanted(pin: Pin, comment: str) -> Pin:
    names = (name.split()[0] for name in comment.removeprefix("# via ").split(", ") if not name.startswith("-"))
    return Pin(pin.name, pin.version, pin.marker, pin.hashes, tuple(sorted(names)))
