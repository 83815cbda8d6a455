"""docs/log-events.md against the sources: an event that nobody documented is one that nobody can set an alarm on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from record_processor.logs import LEVELS

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/log-events.md"
# Made where no call names a level: a line of KCL's, one that is no event, one of the action `log`.
UNNAMED = {"kcl", "output", "record"}
JAVA_EVENT = re.compile(
    r'"((?:action|checkpoint|clock|data|delivery|file|filter|host|kcl|leader|lease|record|records|shard|stream|worker)'
    r'\.[a-z_]+)"'
)


def documented() -> list[str]:
    return re.findall(r"^\| `([a-z_.]+)` \|", TABLE.read_text(), re.MULTILINE)


def logged_in_python() -> set[str]:
    calls = [
        node
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS
    ]
    firsts = [call.args[0].value for call in calls if call.args and isinstance(call.args[0], ast.Constant)]
    return {first for first in firsts if isinstance(first, str) and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", first)}


def logged_in_java() -> set[str]:
    sources = (ROOT / "java/src/main").rglob("*.java")
    return {event for path in sources for event in JAVA_EVENT.findall(path.read_text())}


def test_every_event_that_the_sources_log_is_documented_and_no_other() -> None:
    logged = logged_in_python() | logged_in_java() | UNNAMED
    assert logged == set(documented())


def test_the_table_is_in_order_and_names_each_event_once() -> None:
    assert documented() == sorted(set(documented()))
