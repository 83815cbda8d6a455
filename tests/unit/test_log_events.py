"""docs/reference/log-events.md against the sources: nobody can set an alarm on an event that is not documented."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from record_processor.logs.log_events import LEVELS

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/reference/log-events.md"
CALLS = (*LEVELS, "write_event")
# Named by the Java layout of a line, by the action `log`, and where the level is the printed line's own.
UNNAMED = {"kcl", "record", "handler.print"}
JAVA_EVENT = re.compile(
    r'"((?:action|checkpoint|clock|data|delivery|file|filter|forker|host|kcl|leader|lease|record|records|shard|stream|worker)'
    r'\.[a-z_]+)"'
)


def documented() -> list[str]:
    return re.findall(r"^\| `([a-z_.]+)` \|", TABLE.read_text(), re.MULTILINE)


def logged_in_python() -> set[str]:
    nodes = [node for path in (ROOT / "src").rglob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    called = [call.args[0] for call in calls if getattr(call.func, "attr", "") in CALLS and call.args]
    return constants(called, r"[a-z_]+(\.[a-z_]+)+") | constants(made_by_hand(nodes), r"[a-z_.]+")


def made_by_hand(nodes: list[ast.AST]) -> list[ast.expr]:
    """Return what "event" has where a line is written as a dictionary."""
    pairs = [pair for node in nodes if isinstance(node, ast.Dict) for pair in zip(node.keys, node.values, strict=True)]
    return [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "event"]


def constants(nodes: list[ast.expr], shape: str) -> set[str]:
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return {value for value in values if isinstance(value, str) and re.fullmatch(shape, value)}


def logged_in_java() -> set[str]:
    sources = (ROOT / "java/src/main").rglob("*.java")
    return {event for path in sources for event in JAVA_EVENT.findall(path.read_text())}


def test_every_event_that_the_sources_log_is_documented_and_no_other() -> None:
    logged = logged_in_python() | logged_in_java() | UNNAMED
    assert logged == set(documented())


def test_the_table_is_in_order_and_names_each_event_once() -> None:
    assert documented() == sorted(set(documented()))
