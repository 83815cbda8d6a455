"""Known vulnerabilities of the package's parts, without the network: `advisories.txt` against versions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).with_name("advisories.txt")
_LINE = re.compile(
    r"(?P<ecosystem>maven|pypi) (?P<package>\S+) (?P<introduced>\d\S*) (?P<fixed>\d\S*) "
    r"(?P<identifier>(?:CVE|GHSA|PYSEC)-\S+) (?P<text>\S.*)"
)


@dataclass(frozen=True)
class Release:
    """One version of a package: `maven` with GROUP:NAME, or `pypi`."""

    ecosystem: str
    package: str
    version: str


@dataclass(frozen=True)
class Advisory:
    """A vulnerability that a package has from one version on and before another; zero means from its first version."""

    ecosystem: str
    package: str
    introduced: str
    fixed: str
    identifier: str
    text: str

    def concerns(self, release: Release) -> bool:
        """Return whether the release has it."""
        same = (release.ecosystem, release.package) == (self.ecosystem, self.package)
        return same and _order(self.introduced) <= _order(release.version) < _order(self.fixed)


def read(file: Path = FILE) -> list[Advisory]:
    """Return all advisories in a file.

    Raises:
        ValueError: a line does not have the form that the file's head describes.
    """
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if line and not line.startswith("#"):
            match = _LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"{file.name}:{number}: found {line!r}, expected what the head of the file says")
            found.append(Advisory(**match.groupdict()))
    return found


def holes(releases: Iterable[Release], known: Iterable[Advisory]) -> list[str]:
    """Return one line for each vulnerability: the release, the advisory, and the first version without it."""
    advisories = list(known)
    return sorted(
        f"{release.package} {release.version}: {one.identifier}, {one.text}; fixed in {one.fixed}"
        for release in set(releases)
        for one in advisories
        if one.concerns(release)
    )


def of_bom(bom: dict[str, Any]) -> list[Release]:
    """Return the releases in a CycloneDX bill of materials, by their package URLs."""
    return [_of_purl(component["purl"]) for component in bom["components"]]


def _of_purl(purl: str) -> Release:
    ecosystem, _, rest = purl.partition("?")[0].removeprefix("pkg:").partition("/")
    package, _, version = rest.rpartition("@")
    return Release(ecosystem, package.replace("/", ":"), version)


def _order(version: str) -> tuple[int, ...]:
    """Return a version's numbers: what follows a dash, or is a word (`Final`, `post1`), does not count."""
    numbers = [int(part) for part in version.partition("-")[0].split(".") if part.isdigit()]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
