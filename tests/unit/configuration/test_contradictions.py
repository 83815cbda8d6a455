"""Settings that are each well-typed and cannot work together are refused, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from record_processor.configuration.actions_file import read_actions
from record_processor.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

DEAD = "dead_letter: {type: file, path: dead/}"


@pytest.mark.parametrize(
    ("action", "key", "reason"),
    [
        ("type: log, batch: {window: 2s}", "batch.window", "a window without a size"),
        ("type: log, batch: {window: 2s, size: 1}", "batch.window", "size 1 waits for nothing"),
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
    with pytest.raises(ConfigurationError) as refused:
        read_actions(path)
    assert f"actions[0].{key}: " in str(refused.value)
    assert reason in str(refused.value)
