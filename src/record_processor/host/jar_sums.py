"""The SHA-256 of every jar on the class path except our own, as recorded in `jars.sha256` when they were last tested.

Maven compares what it fetches with a checksum from the same place; only our own record shows whether these are the jars
that were tested.

`python -m record_processor.host.jar_sums` checks an installation; `--record JARS` writes a new record (`--record`
alone: of the installed jars). The build (`hatch_build.py`) checks what it puts into the package; it has only the
standard library, so nothing else is imported here at first.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORD = Path(__file__).with_name("jars.sha256")
"""In the format of sha256sum: `sha256sum --check --ignore-missing` in a folder of jars works too."""
OURS = "record-processor-daemon.jar"
"""Made by the build itself, and slightly different with each JDK."""


_ADVICE = """\
These are not the jars that record-processor was tested with. Fetch them again: empty Maven's repository of them and
build again, or install the package again. If they still differ, find out who changed them before you start anything.
After a change of versions that you made yourself:
python src/record_processor/host/jar_sums.py --record java/target/jars/*.jar"""


def mistakes(jars: Iterable[Path], recorded: Path = RECORD) -> list[str]:
    """Yield what is wrong with the jars: for each one, what was found, and what is recorded."""
    sums = _read(recorded)
    found = {jar: _sum(jar) for jar in jars if jar.name != OURS}
    return [
        f"{jar}: its SHA-256 is {its_sum}, and {_expected(sums.get(jar.name), recorded)}"
        for jar, its_sum in sorted(found.items())
        if its_sum != sums.get(jar.name)
    ]


def what_to_do(wrong: list[str]) -> str:
    """Return the whole message, for whoever builds or installs."""
    return "\n".join([*wrong, _ADVICE])


def record(jars: Iterable[Path], recorded: Path = RECORD) -> None:
    """Record the jars as they are."""
    sums = {jar.name: _sum(jar) for jar in jars if jar.name != OURS}
    recorded.write_text("".join(f"{its_sum}  {name}\n" for name, its_sum in sorted(sums.items())), encoding="ascii")


def _expected(its_sum: str | None, recorded: Path) -> str:
    return f"none is recorded in {recorded.name}" if its_sum is None else f"{its_sum} is recorded in {recorded.name}"


def _read(recorded: Path) -> dict[str, str]:
    pairs = (line.split() for line in recorded.read_text(encoding="ascii").splitlines())
    return {name: its_sum for its_sum, name in pairs}


def _sum(jar: Path) -> str:
    return hashlib.sha256(jar.read_bytes()).hexdigest()


def _installed() -> list[Path]:
    from record_processor.host import jvm

    return [Path(jar) for jar in jvm.jars()]


def main() -> int:
    if sys.argv[1:2] == ["--record"]:
        record([Path(jar) for jar in sys.argv[2:]] or _installed())
        return 0
    wrong = mistakes(_installed())
    if wrong:
        sys.stderr.write(what_to_do(wrong) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
