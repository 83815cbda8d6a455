"""A child pays for what is configured, and for nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"boto3", "botocore", "httpx", "yaml", "click", "gzip", "importlib.metadata", "asyncio"}
OURS = "record_processor.actions."

_PROGRAM = """
import json, sys
from record_processor.catalog.build import build_actions
import record_processor.delivery.shard_delivery
build_actions([json.loads(sys.argv[1])])
print(json.dumps(sorted(sys.modules)))
"""


def imported(item: dict[str, object]) -> set[str]:
    command = [sys.executable, "-c", _PROGRAM, json.dumps({"name": "a", **item})]
    return set(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


@pytest.mark.parametrize(
    ("item", "allowed"),
    [
        ({"type": "log"}, set()),
        ({"type": "file", "path": "x"}, {"gzip"}),
        ({"type": "sqs", "queue_url": "https://x"}, set()),
        ({"type": "webhook", "url": "https://x"}, {"importlib.metadata"}),
        ({"type": "command", "command": ["true"]}, set()),
    ],
)
def test_an_action_brings_neither_the_others_nor_their_libraries(item: dict[str, object], allowed: set[str]) -> None:
    modules = imported(item)
    assert modules & HEAVY <= allowed
    others = {"command", "dynamodb", "eventbridge", "firehose", "kinesis", "lambda_", "python", "s3", "sns", "sqs"}
    found = {name.removeprefix(OURS) for name in modules if name.startswith(OURS)}
    assert found & others <= {str(item["type"])}
