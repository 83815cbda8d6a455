"""No content of a record ends a shard's process, hangs it, or comes out as what is no JSON."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.catalog.build import build_actions
from record_processor.delivery.shard_delivery import ShardDelivery
from record_processor.records.raw_record import RawRecord
from record_processor.records.stream import Shard
from tests.builders import STREAM, LeaseMemory, adapter_json, protocol_record

if TYPE_CHECKING:
    from pathlib import Path

FIRST = "000000000000000000001"
_PLACE = b'{"x": {"S": "@"}}'
FILTER = {"dynamodb": {"NewImage": {"Total": {"N": [{"numeric": [">", 5]}]}}}}


def with_image(image: bytes) -> bytes:
    return json.dumps(adapter_json(NewImage={"x": {"S": "@"}})).encode().replace(_PLACE, image)


def with_keys(keys: bytes) -> bytes:
    return json.dumps(adapter_json(Keys={"x": {"S": "@"}})).encode().replace(_PLACE, keys)


def nested(depth: int) -> bytes:
    return b'{"Total": ' + b'{"L": [' * depth + b'{"S": "x"}' + b"]}" * depth + b"}"


def created(millis: float) -> bytes:
    return json.dumps(adapter_json(ApproximateCreationDateTime=millis)).encode()


HOSTILE = {
    "NaN": with_image(b'{"Total": {"N": "NaN"}}'),
    "signalling NaN": with_image(b'{"Total": {"N": "sNaN"}}'),
    "infinity": with_image(b'{"Total": {"N": "-Infinity"}}'),
    "NaN in a set": with_image(b'{"Total": {"NS": ["1", "NaN"]}}'),
    "NaN as a literal": with_image(b'{"Total": {"N": NaN}}'),
    "exponent of 10^9": with_image(b'{"Total": {"N": "1E1000000000"}}'),
    "exponent of -10^9": with_image(b'{"Total": {"N": "1E-1000000000"}}'),
    "exponent beyond Decimal": with_image(b'{"Total": {"N": "1E9999999999999999999999"}}'),
    "literal beyond floats": with_image(b'{"Total": {"N": 1e999999}}'),
    "no UTF-8": with_image(b'{"Total": {"S": "\xff\xfe"}}'),
    "no UTF-8 in a name": with_image(b'{"\xff": {"S": "a"}}'),
    "no UTF-8 in keys": with_keys(b'{"a": {"S": "\xff"}}'),
    "half a surrogate pair": with_image(b'{"Total": {"S": "\\ud800"}}'),
    "nested 400 deep": with_image(nested(400)),
    "nested 5,000 deep": with_image(nested(5000)),
    "keys nested 5,000 deep": with_keys(nested(5000)),
    "100,000 brackets": with_image(b'{"Total": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "an image that is a list": with_image(b"[1, 2, 3, 4]"),
    "a map that is a number": with_image(b'{"Total": {"M": 5}}'),
    "year 5138": created(10**14),
    "year 3,000,000": created(10**17),
    "year -30,000": created(-(10**15)),
    "beyond 64 bits": created(10**30),
    "empty": b"",
    "noise": b"\xff" * 100,
}

ACTIONS: dict[str, dict[str, Any]] = {
    "lambda": {"type": "file"},
    "plain": {"type": "file", "format": "plain"},
    "dynamodb": {"type": "file", "format": "dynamodb"},
    "template": {"type": "file", "template": {"text": "at {createdAt}: {new.Total}", "value": "{new.Total}"}},
    "filtered": {"type": "file", "filter": FILTER},
    "log": {"type": "log"},
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_it_is_delivered_as_json_or_is_a_dead_letter_with_its_number_and_the_next_record_is_delivered(
    tmp_path: Path, raw: bytes
) -> None:
    letters = {"type": "file", "path": str(tmp_path / "dead.jsonl")}
    items = [
        {
            "name": name,
            "dead_letter": letters,
            **({"path": str(tmp_path / name)} if item["type"] == "file" else {}),
            **item,
        }
        for name, item in ACTIONS.items()
    ]
    actions = build_actions(items)
    # A record that is tried again and again never lets `finish` return: the lease ends that.
    delivery = ShardDelivery(actions, LeaseMemory(tmp_path / "lease", held_seconds=20).lease(), grace_seconds=0)
    delivery.open(Shard("shardId-1", STREAM))
    delivery.submit([RawRecord(raw, FIRST)])
    delivery.submit([protocol_record(int(FIRST) + 1, NewImage={"Total": {"N": "7"}})])
    delivery.finish()
    delivery.make_durable()
    for action in actions:
        action.close()
    dead = lines(tmp_path / "dead.jsonl")
    assert {letter["error"]["type"] for letter in dead} <= {"UndecodableRecordError"}
    assert all(letter["sequence_number"] == FIRST and FIRST in letter["error"]["message"] for letter in dead)
    for name in ACTIONS.keys() - {"log", "filtered"}:
        *hostile, healthy = lines(tmp_path / name)
        assert "7" in json.dumps(healthy), name
        assert len(hostile) + sum(letter["action"] == name for letter in dead) == 1, name
    assert len(lines(tmp_path / "filtered")) >= 1


def lines(path: Path) -> list[Any]:
    if not path.exists():
        return []
    return [json.loads(line, parse_constant=_no_json) for line in path.read_text().splitlines()]


def _no_json(constant: str) -> float:
    pytest.fail(f"{constant} is no JSON")
    return math.nan
