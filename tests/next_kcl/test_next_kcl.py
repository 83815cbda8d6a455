"""Our Java and the adapter, beside the newest KCL's client library: what would have to be done is known at any time."""

from __future__ import annotations

import re
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.next_kcl import compiled, differences, names
from tests.next_kcl.class_path import ClassPath
from tests.next_kcl.known import KNOWN

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def paths() -> tuple[ClassPath, ClassPath]:
    compiled.resolve()
    return ClassPath(compiled.jars_today()), ClassPath(compiled.jars_then())


def test_what_the_next_kcl_would_break_is_what_is_known(paths: tuple[ClassPath, ClassPath]) -> None:
    today, then = paths
    classes = [one for jar in _jars_that_stay() for one in today.of_jar(jar)]
    found = (
        compiled.errors()
        | differences.unlinked(classes, today, then)
        | differences.overriding(classes, today, then)
        | names.lost(today, then)
    )
    hint = "look at it, fix it or add it to tests/next_kcl/known.py, and to docs/how-to/upgrade-kcl.md"
    assert found - KNOWN.keys() == set(), f"differences of the next KCL that nobody has looked at: {hint}"
    assert KNOWN.keys() - found == set(), "these differences are gone; take them out of tests/next_kcl/known.py"


def test_every_name_that_is_looked_up_is_there_today(paths: tuple[ClassPath, ClassPath]) -> None:
    today, _ = paths
    assert names.missing(today) == []


def test_every_private_field_that_the_sources_use_is_looked_up() -> None:
    used = {
        (source.stem, field)
        for source in (compiled.JAVA / "src/main/java").rglob("*.java")
        for statement in source.read_text().split(";")
        if "KclField<" in statement and source.stem != "KclField"
        for field in re.findall(r'"(\w+)"', statement)
    }
    assert used == {(name.ours, name.name) for name in names.NAMES if name.kind == "field"}


_KCL = """
package software.amazon.kinesis; public class Kcl {{ {0} }}
"""
_OURS = """
import software.amazon.kinesis.Kcl;
class Ours extends Kcl {
    @Override public void end(int reason) { stop(); }
    static long counted(Kcl kcl) { return kcl.count; }
}
"""
_BEFORE = "public long count; public void stop() {} public void end(int reason) {} public void begin() {}"
_AFTER = "public int count; public void end(int reason) {} public void end(int a, String[] b) {} void begin(int a) {}"


def test_members_that_went_and_namesakes_that_came_are_found(tmp_path: Path) -> None:
    before = _jar(tmp_path / "before", Kcl=_KCL.format(_BEFORE), Ours=_OURS)
    after = _jar(tmp_path / "after", Kcl=_KCL.format(_AFTER))
    today, then = ClassPath([before]), ClassPath([after, before])
    ours = [one for one in today.of_jar(before) if one.name == "Ours"]
    assert differences.unlinked(ours, today, today) == differences.overriding(ours, today, today) == set()
    # The compiler names the class through which a method is called.
    assert {line.split(" ", 2)[2] for line in differences.unlinked(ours, today, then)} == {
        "Ours.stop(), which is not there",
        "Kcl.count, which is not there",
    }
    assert differences.overriding(ours, today, then) == {"Ours does not override the new Kcl.end(int, String[])"}


def _jar(folder: Path, **sources: str) -> Path:
    folder.mkdir()
    for name, source in sources.items():
        (folder / f"{name}.java").write_text(source)
    files = [str(folder / f"{name}.java") for name in sources]
    subprocess.run(["javac", *compiled.QUICK, "--release", "17", "-d", str(folder), *files], check=True)
    with zipfile.ZipFile(folder / "one.jar", "w") as jar:
        for one in folder.rglob("*.class"):
            jar.write(one, str(one.relative_to(folder)))
    return folder / "one.jar"


def _jars_that_stay() -> list[Path]:
    return [
        jar for jar in compiled.jars_today() if re.match("record-processor|dynamodb-streams|.*-multilang-", jar.name)
    ]
