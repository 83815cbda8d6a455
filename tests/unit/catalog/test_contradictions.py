"""Settings that are each well-typed and cannot work together are refused, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from record_processor.catalog.actions_file import read_actions
from record_processor.errors import InvalidConfigError

if TYPE_CHECKING:
    from pathlib import Path

DEAD = "dead_letter: {type: file, path: dead/}"


@pytest.mark.parametrize(
    ("action", "key", "reason"),
    [
        ("type: log, batch: {window: 2s}", "batch.window", "a window needs a size"),
        ("type: log, batch: {window: 2s, size: 1}", "batch.window", "no effect with size 1"),
        ("type: log, batch: {window: 0s, size: 9}", "batch.window", "more than 0s"),
        ("type: log, batch: {bytes: 0}", "batch.bytes", "at least 1"),
        ("type: log, batch: {size: 10001}", "batch.size", "a whole number from 1 to 10000"),
        (f"type: log, retry: {{max_age: 0s}}, {DEAD}", "retry.max_age", "an age of zero"),
        (f"type: log, retry: {{max_attempts: 0}}, {DEAD}", "retry.max_attempts", "at least 1"),
        ("type: log, retry: {max_attempts: 3}", "retry", "giving up needs a dead_letter"),
        ("type: log, retry: {max_age: 1h}", "retry", "giving up needs a dead_letter"),
        ("type: log, concurrency: 2", "concurrency", "works in stream order, one call at a time"),
        ("type: log, concurrency: 257", "concurrency", "a whole number from 1 to 256"),
        ("type: log, batch: {size: 1}, bisect_on_error: true", "bisect_on_error", "cannot be split"),
        ("type: python, handler: 'json:loads', bisect_on_error: true", "bisect_on_error", "cannot be split"),
        ("type: log, dead_letter: {type: file, path: '{day}'}", "dead_letter.path", "expected placeholders"),
        ("type: log, filter: {eventName: INSERT}", "filter.eventName", "expected a list"),
    ],
)
def test_a_contradiction_is_refused_with_its_key_and_reason(tmp_path: Path, action: str, key: str, reason: str) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text(f"actions: [{{name: a, {action}}}]")
    with pytest.raises(InvalidConfigError) as refused:
        read_actions(path)
    assert f"actions[0].{key}: " in str(refused.value)
    assert reason in str(refused.value)


S3 = "type: s3, bucket: history"
KEY = "key: '{table}/{first}-{last}'"
VIEW = "type: dynamodb, table: View"
FILTER = "filter: {eventName: [INSERT]}"
QUEUE = "http://localhost/1/queue"
TOPIC = "arn:aws:sns:eu-west-1:1:topic"


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [
        (f"{S3}, {KEY}", f"{S3}, {KEY}", "key: actions[0] (a) has the same destination: their objects"),
        (f"{S3}, {KEY}", f"{S3}, {KEY}, gzip: false", None),
        (f"{S3}, key: '{{action}}/{{table}}/{{first}}-{{last}}'",) * 2 + (None,),
        (S3, S3, None),
        ("type: file, path: a/b.jsonl", "type: file, path: ./a//b.jsonl", "path: actions[0] (a) has the same"),
        ("type: file, path: '{table}'", "type: file, path: '{shard}'", None),
        (VIEW, VIEW, "table: actions[0] (a) has the same destination: of one change only the first"),
        (f"{VIEW}, {FILTER}", VIEW, "table: actions[0] (a) has the same destination"),
        (f"{VIEW}, {FILTER}", f"{VIEW}, {FILTER}", None),
        (VIEW, f"{VIEW}, aws: {{region: eu-west-1}}", None),
        (f"type: sqs, queue_url: '{QUEUE}'",) * 2 + (None,),
        ("type: webhook, url: 'http://x'",) * 2 + (None,),
        (
            f"type: sqs, queue_url: '{QUEUE}'",
            f"type: log, dead_letter: {{type: sqs, queue_url: '{QUEUE}'}}",
            "dead_letter: the dead letters would go where actions[0] (a) writes its records",
        ),
        (
            f"type: log, dead_letter: {{type: sns, topic_arn: '{TOPIC}'}}",
            f"type: sns, topic_arn: '{TOPIC}', dead_letter: {{type: sns, topic_arn: '{TOPIC}'}}",
            "dead_letter: the dead letters would go where actions[1] (b) writes its records",
        ),
        ("type: file, path: dead/b.jsonl", f"type: log, {DEAD}", "dead_letter: the dead letters would go where"),
        (VIEW, "type: log, dead_letter: {type: dynamodb, table: View}", "dead_letter: the dead letters would go where"),
        (f"type: log, {DEAD}", f"type: log, {DEAD}", None),
    ],
)
def test_actions_that_would_spoil_each_others_work_are_refused(
    tmp_path: Path, one: str, other: str, place: str | None
) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text(f"actions:\n- {{name: a, {one}}}\n- {{name: b, {other}}}\n")
    if place is None:
        assert len(read_actions(path)) == 2
        return
    with pytest.raises(InvalidConfigError) as refused:
        read_actions(path)
    assert place in str(refused.value)
    assert "(b)" in str(refused.value) or "actions[1]" in str(refused.value)
