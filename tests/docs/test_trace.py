"""docs/how-to/trace.md and docs/reference/spans.md: the example runs, and the reference has every attribute."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from record_processor.catalog.registry import built_in, find
from record_processor.plugin.action import Action
from record_processor.system import shard_environment
from tests.docs.blocks import ROOT, blocks
from tests.servers.collector import Collector, Span
from tests.shard_process import ShardProcess

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = (ROOT / "docs/reference/spans.md").read_text()
NAMES = set(re.findall(r"`([a-z_.]+)`", " ".join(re.findall(r"^\| (`.+?) \|", REFERENCE, re.MULTILINE))))
FAILS = """
calls = []
def handle(event, context):
    calls.append(event)
    if len(calls) == 1:
        raise ValueError("no")
"""


def test_a_handlers_spans_are_parts_of_the_calls(tmp_path: Path) -> None:
    files = {one.file: one.text for one in blocks() if one.page == "docs/how-to/trace.md" and one.file}
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/orders.py").write_text(files["shop/orders.py"])
    assert "handler: shop.orders:handle" in files["actions.yaml"]
    spans = traced(tmp_path, {"name": "orders", "type": "python", "handler": "shop.orders:handle"})
    (charge,), (call,) = ([span for span in spans if span.name.startswith(name)] for name in ("charge", "process"))
    assert charge.parent_id == call.span_id


def test_the_reference_has_every_attribute(tmp_path: Path) -> None:
    (tmp_path / "handlers.py").write_text(FAILS)
    batch = {"size": 2, "window": "10s"}
    spans = traced(tmp_path, {"name": "orders", "type": "python", "handler": "handlers:handle", "batch": batch}, 1, 2)
    found = {name for span in spans for name in span.attributes}
    of_resource = {name for span in spans for name in span.resource if not name.startswith("telemetry.")}
    of_actions = {"faas.invoked_name", "faas.invoked_provider", "server.address", "server.port"}
    assert found | of_resource | of_actions == NAMES


def test_the_reference_has_the_kind_of_every_action() -> None:
    others = {name for name in built_in() if find(name).call_trace is Action.call_trace}
    rows = dict(re.findall(r"^\| `([A-Z]+)` \| .+ \| (.+) \|$", REFERENCE, re.MULTILINE))
    named = {kind: set(re.findall(r"`(\w+)`", row)) for kind, row in rows.items()}
    assert named["PRODUCER"] | named["CLIENT"] == set(built_in()) - others
    assert rows["CONSUMER"] == "all others"


def traced(folder: Path, action: dict[str, object], *numbers: int) -> list[Span]:
    collector = Collector()
    try:
        env = {shard_environment.TRACING: "orders-worker", **collector.environment}
        shard = ShardProcess(folder, [action], env=env).initialize()
        shard.records(*numbers or (1,))
        shard.wait_for_checkpoint(max(numbers, default=1))
        shard.say({"action": "leaseLost"})
        assert shard.close() == 0
        shard.kill()
        return collector.spans()
    finally:
        collector.end()
