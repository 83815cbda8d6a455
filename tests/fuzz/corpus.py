"""Real inputs, from which others are made: the examples of the docs, records, letters."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from docs_site import action_pages
from record_processor.dead_letters.letter import write
from record_processor.records.stream import Shard
from tests.builders import STREAM, adapter_json

ROOT = Path(__file__).parents[2]

ITEM: dict[str, Any] = {
    "id": {"S": "order-1"},
    "Total": {"N": "12.50"},
    "Status": {"S": "open"},
    "Photo": {"B": "AAEC"},
    "Paid": {"BOOL": True},
    "Note": {"NULL": True},
    "Tags": {"SS": ["a", "b"]},
    "Sizes": {"NS": ["1", "2E5"]},
    "Keys": {"BS": ["AA==", "AQ=="]},
    "Lines": {"L": [{"M": {"sku": {"S": "A-1"}, "Name": {"S": "é"}}}, {"N": "-9" + "9" * 37}]},
    "an.odd name": {"M": {}},
}
_CHANGED = {**ITEM, "Total": {"N": "1"}}
RECORDS: tuple[dict[str, Any], ...] = (
    adapter_json(),
    adapter_json(eventName="MODIFY", Keys={"id": {"S": "order-1"}}, NewImage=ITEM, OldImage=_CHANGED),
    adapter_json(eventName="REMOVE", OldImage=ITEM, NewImage=None, StreamViewType="OLD_IMAGE"),
    {**adapter_json(NewImage={}), "userIdentity": {"principalId": "dynamodb.amazonaws.com", "type": "Service"}},
)


@cache
def yaml_texts() -> tuple[str, ...]:
    """The actions of the docs, and the template of `properties/` with everything that is commented out in it."""
    written = [path.read_text() for path in sorted((ROOT / "docs").rglob("*.md"))]
    pages = "\n".join([*action_pages.pages().values(), *written])
    blocks = re.findall(r"^```yaml\n(actions:.*?)```", pages, re.DOTALL | re.MULTILINE)
    template = (ROOT / "properties/actions.yaml").read_text()
    return (*blocks, template, re.sub(r"(?m)^  # (?=- name|  \w+:)", "  ", template))


@cache
def actions() -> tuple[dict[str, Any], ...]:
    """The actions of the docs, one at a time, and one with every key that all have."""
    found = [yaml.safe_load(text)["actions"][0] for text in yaml_texts() if "${" not in text]
    page = (ROOT / "docs/reference/actions/index.md").read_text()
    (common,) = re.findall(r"```yaml\n(actions:.*?)```", page, re.DOTALL)
    every = {**yaml.safe_load(common)["actions"][0], "type": "file", "path": "a.jsonl", "template": TEMPLATES[0]}
    return (*found, {name: value for name, value in every.items() if name != "handler"})


@cache
def filters() -> tuple[Any, ...]:
    """The patterns of the docs, with an operator of each kind."""
    text = (ROOT / "docs/reference/filters.md").read_text()
    (pattern,) = re.findall(r"```yaml\n(filter:.*?)```", text, re.DOTALL)
    operators = [member for one in re.findall(r"`(\{[^`]+\})`", text) for member in yaml.safe_load(f"[{one}]")]
    texts = [member for member in operators if isinstance(member, dict) and member.keys() < _OF_TEXT]
    return (
        yaml.safe_load(pattern)["filter"],
        {"dynamodb": {"NewImage": {"Status": {"S": texts}}}},
        {"dynamodb": {"NewImage": {"Total": {"N": [{"numeric": [">", 1, "<=", 5]}, 12.5, {"anything-but": [3]}]}}}},
        [{"eventName": ["INSERT"]}, {"userIdentity": {"type": ["Service"]}, "dynamodb": {"SizeBytes": [30]}}],
    )


_OF_TEXT = {"prefix", "suffix", "wildcard", "anything-but", "cidr", "equals-ignore-case"}

TEMPLATES: tuple[Any, ...] = (
    {
        "id": "{keys.id}",
        "total": "{new.Total:0}",
        "text": "{eventName} of {table}: {new.Lines[0].Name}",
        "first": '{new["an.odd name"]}',
        "fixed": [1, None, True, "{{text}}"],
    },
    "{eventName} of order {keys.id}",
    ["{new}", "{old.Status:none}", {"who": "{userIdentity.type}", "at": "{createdAt}"}],
)


@cache
def properties() -> tuple[str, ...]:
    """The files of `properties/`, and the template for production with every key written."""
    template = (ROOT / "properties/worker.properties").read_text()
    return template, re.sub(r"(?m)^#(?=\w+ = )", "", template), (ROOT / "properties/local.properties").read_text()


@cache
def letters() -> tuple[dict[str, Any], ...]:
    """Letters as a destination stores them; the same ones each time."""
    shard = Shard("shardId-00000001695000000000-aabbccdd", STREAM)
    contents = (msgspec.json.encode(RECORDS[1]), b"\xff no JSON", b"{}")
    written = [write("orders", shard, "111", raw, ValueError("no"), 3, 1.0, 2.0) for raw in contents]
    plain = [msgspec.json.decode(msgspec.json.encode(letter)) for letter in written]
    return tuple({**letter, "id": "8" * 32, "stored_at": "2026-11-25T00:00:00+00:00"} for letter in plain)
