"""`jvmOptions` on their way to the JVM."""

from __future__ import annotations

import re
import shlex
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from record_processor.config import jvm_options
from record_processor.config.properties import read_properties
from record_processor.errors import InvalidConfigError
from record_processor.host import jvm
from record_processor.host.run_directory import RunDirectory
from tests.servers.process import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ODD = {
    "a": "two words",
    "b": 'a "quote"',
    "c": "back\\slash\\n",
    "d": "# no comment",
    "e": "it's",
    "f": "@file",
    "g": "trail\\",
    "h": "*.jar",
}


@pytest.fixture
def directory() -> Iterator[RunDirectory]:
    made = RunDirectory()
    yield made
    made.remove()


def test_java_reads_each_option_as_it_was_written(tmp_path: Path) -> None:
    require("java")
    text = " ".join(shlex.quote(f"-Drp.{name}={value}") for name, value in ODD.items())
    options = ["-Xmx32m", *jvm_options.arguments(text, tmp_path / "options")]
    command = ["java", *options, "-XshowSettings:properties", "-version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert dict(re.findall(r"^ *rp\.(\w) = (.*?) *$", said, re.MULTILINE)) == ODD


def test_a_line_break_in_an_option_does_not_end_it(tmp_path: Path) -> None:
    jvm_options.arguments("'-Da=b\nc'", tmp_path / "options")
    assert (tmp_path / "options").read_text() == '"-Da=b\\nc"\n'


def test_no_other_user_sees_what_is_in_the_options(tmp_path: Path, directory: RunDirectory) -> None:
    path = tmp_path / "worker.properties"
    path.write_text("applicationName = app\nstreamName = Orders\njvmOptions = -Xmx64m -Dpassword=hunter2 @more\n")
    command = jvm.command("java", read_properties(path, [], {}), directory)
    assert "hunter2" not in " ".join(command)
    assert command.index("@more") < command.index("-cp"), "Java looks for no argument file inside another"
    assert directory.jvm_options_path.read_text() == '"-Xmx64m"\n"-Dpassword=hunter2"\n'
    assert stat.S_IMODE(directory.jvm_options_path.stat().st_mode) == 0o600
    assert "-XX:+PerfDisableSharedMem" in command, "or a file in the temporary folder has them"


@pytest.mark.parametrize("options", ["-Da='open", '-Da="open', "-Da=b\\\\"])
def test_an_open_quote_is_a_mistake_with_its_line(tmp_path: Path, options: str) -> None:
    path = tmp_path / "worker.properties"
    path.write_text(f"applicationName = app\nstreamName = Orders\njvmOptions = {options}\n")
    with pytest.raises(
        InvalidConfigError, match=r"worker\.properties:3: jvmOptions: expected options in which every"
    ) as refused:
        read_properties(path, [], {})
    assert "-Da" not in str(refused.value), "it may be a password"
