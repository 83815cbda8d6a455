"""What the tests' own IAM makes of a policy: if it let everything through, the proof of the policies would be none."""

from __future__ import annotations

import pytest

from tests.servers.iam.calls import Call
from tests.servers.iam.policy import Permission, Statements

BUCKET = "arn:aws:s3:::shop"


def statements(resource: str, condition: dict[str, dict[str, str]] | None = None) -> Statements:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [resource]}
    if condition:
        statement["Condition"] = condition  # type: ignore[assignment]
    return Statements({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("pattern", "resource", "is_allowed"),
    [
        (f"{BUCKET}/a", f"{BUCKET}/a", True),
        (f"{BUCKET}/a", f"{BUCKET}/ab", False),
        (f"{BUCKET}/a*", f"{BUCKET}/a/b/c", True),
        (f"{BUCKET}/a*c", f"{BUCKET}/a/b", False),
        (f"{BUCKET}/a?", f"{BUCKET}/ab", True),
        (f"{BUCKET}/a?", f"{BUCKET}/a", False),
        (f"{BUCKET}/a${{*}}", f"{BUCKET}/a*", True),
        (f"{BUCKET}/a${{*}}", f"{BUCKET}/ab", False),
        (f"{BUCKET}/a.b", f"{BUCKET}/axb", False),
        ("*", f"{BUCKET}/a", True),
    ],
)
def test_a_resource_is_a_pattern(pattern: str, resource: str, is_allowed: bool) -> None:
    found = statements(pattern).allowing(Call("s3:GetObject", resource))
    assert found == (Permission("s3:GetObject", pattern) if is_allowed else None)


def test_another_action_is_not_allowed() -> None:
    assert statements("*").allowing(Call("s3:GetObjectAcl", f"{BUCKET}/a")) is None


def test_a_condition_must_hold() -> None:
    asked = statements("*", {"StringEquals": {"s3:prefix": "a/"}})
    assert asked.allowing(Call("s3:GetObject", BUCKET, {"s3:prefix": "a/"})) is not None
    assert asked.allowing(Call("s3:GetObject", BUCKET, {"s3:prefix": "b/"})) is None
    assert asked.allowing(Call("s3:GetObject", BUCKET)) is None


def test_what_was_removed_is_no_longer_allowed() -> None:
    asked = statements(f"{BUCKET}/*")
    asked.remove(Permission("s3:GetObject", f"{BUCKET}/*"))
    assert asked.allowing(Call("s3:GetObject", f"{BUCKET}/a")) is None
