"""How the JVM is sized and how it compiles, chosen by figures (docs/decisions/0109). `jvmOptions` override these."""

from __future__ import annotations

import os
import re
import shlex

_ALWAYS = (
    # A worker's heap is small while shards are idle; Java would start with a sixty-fourth of the host's memory.
    "-Xms24m",
    # The quick compiler works at once, and the thorough one ten times later than usual: code that runs for hours ends
    # up as fast, and a start does not pay for it.
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
)
_COLLECTOR = "-XX:+UseSerialGC"
# Java refuses to start with two collectors. An argument file, whose name begins with @, may name one too.
_CHOOSES_COLLECTOR = re.compile(r"-XX:\+Use\w*GC|@")
_VARIABLES = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")


def options(jvm_options: str) -> tuple[str, ...]:
    """Return the options for a JVM that gets the user's `jvmOptions` (quoted as in a shell) after them."""
    words = shlex.split(jvm_options)
    for variable in _VARIABLES:
        words += os.environ.get(variable, "").split()
    chosen = any(_CHOOSES_COLLECTOR.match(word) for word in words)
    return _ALWAYS if chosen else (*_ALWAYS, _COLLECTOR)
