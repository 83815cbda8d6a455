from __future__ import annotations

import pytest

from record_processor.host import jvm_tuning

COLLECTOR = "-XX:+UseSerialGC"


@pytest.fixture(autouse=True)
def no_options_of_this_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"):
        monkeypatch.delenv(name, raising=False)


def test_the_collector_is_the_one_that_needs_least_memory() -> None:
    assert COLLECTOR in jvm_tuning.options("-Xmx256m -XX:+UseCompressedOops")


@pytest.mark.parametrize("chosen", ["-XX:+UseG1GC", "-Xmx1g -XX:+UseParallelGC", "-XX:+UseZGC", "@jvm.options"])
def test_a_collector_of_the_users_stands_alone_since_java_refuses_two(chosen: str) -> None:
    assert COLLECTOR not in jvm_tuning.options(chosen)


@pytest.mark.parametrize("name", ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"])
def test_a_collector_chosen_in_the_environment_counts_too(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "-Xmx1g -XX:+UseG1GC")
    assert COLLECTOR not in jvm_tuning.options("-Xmx256m")
