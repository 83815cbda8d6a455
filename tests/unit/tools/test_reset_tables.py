"""Which tables `reset` takes for the application's, and what it says of their size."""

from __future__ import annotations

from typing import Any

import pytest

from record_processor.errors import SetupError
from record_processor.tools import reset_tables

LEASE = {"leaseKey": {"S": "s-1"}, "leaseCounter": {"N": "1"}, "checkpoint": {"S": "TRIM_HORIZON"}}


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("leases", LEASE),
        ("coordinator", {"key": {"S": "Leader"}}),
        ("coordinator", {"key": {"S": "Migration3.0"}}),
        ("coordinator", {"key": {"S": "record-processor-orders"}}),
        ("metrics", {"wid": {"S": "me"}}),
    ],
)
def test_what_workers_write_is_theirs(kind: str, item: dict[str, Any]) -> None:
    reset_tables.check_items("t", kind, [item])


@pytest.mark.parametrize(
    ("kind", "item", "name"),
    [
        ("leases", {"leaseKey": {"S": "bicycle"}}, "bicycle"),
        ("leases", {"other": {"S": "x"}}, "?"),
        ("coordinator", {"key": {"S": "settings"}}, "settings"),
        ("metrics", {"id": {"S": "x"}}, "?"),
    ],
)
def test_a_table_with_anything_else_is_not_touched(kind: str, item: dict[str, Any], name: str) -> None:
    with pytest.raises(SetupError, match="nothing was removed: table t has items that no worker writes") as refused:
        reset_tables.check_items("t", kind, [item])
    assert f"such as {name}." in str(refused.value)


def test_a_protected_table_is_not_touched_and_the_message_says_how_to_end_that() -> None:
    reset_tables.check_unprotected({"TableName": "t"})
    with pytest.raises(SetupError, match="aws dynamodb update-table --table-name t --no-deletion-protection-enabled"):
        reset_tables.check_unprotected({"TableName": "t", "DeletionProtectionEnabled": True})


def test_the_size_counts_names_and_values() -> None:
    assert reset_tables.size([]) == "no items"
    assert reset_tables.size([LEASE]) == "1 item, about 1 kB"
    letters = {"wid": {"S": "x" * 1500}, "list": {"L": [{"N": "1"}, {"B": b"x" * 500}]}}
    assert reset_tables.size([letters, LEASE]) == "2 items, about 2 kB"
