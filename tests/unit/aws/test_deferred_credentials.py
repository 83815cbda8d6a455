"""Clients that are made before a fork ask nobody for credentials, and find them when they need them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from botocore.exceptions import NoCredentialsError

from record_processor.aws import rehearsal, settings
from record_processor.aws.rehearsal import rehearse
from record_processor.aws.settings import AwsSettings, client
from record_processor.catalog import registry
from record_processor.catalog.build import build

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = AwsSettings(endpoint="http://127.0.0.1:1")
AWS = {"dynamodb", "eventbridge", "firehose", "kinesis", "lambda", "s3", "sns", "sqs"}
VALUES: dict[str, dict[str, Any]] = {"webhook": {"url": "https://partner.example/", "secret": None, "headers": {}}}
CALL: dict[str, Any] = {"TableName": "t", "Item": {"id": {"S": "a"}}}


@pytest.fixture(autouse=True)
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program provides the credentials, and notes in this file that it ran."""
    noted = tmp_path / "asked"
    program = tmp_path / "credentials.py"
    program.write_text(
        f"open({str(noted)!r}, 'a').write('x')\n"
        'print(\'{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b"}\')\n'
    )
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {sys.executable} {program}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    settings._made.cache_clear()
    return noted


def test_a_client_is_made_and_rehearsed_without_asking_for_credentials(asked: Path) -> None:
    rehearse(client("dynamodb", AwsSettings(), "eu-west-1", "t"), "PutItem", CALL)
    assert not asked.exists()


def test_a_rehearsed_client_signs_with_credentials_and_sends(asked: Path) -> None:
    dynamodb = client("dynamodb", NOWHERE, "eu-west-1", "t")
    rehearse(dynamodb, "PutItem", CALL)
    with pytest.raises(Exception, match="Could not connect"):
        dynamodb.put_item(**CALL)
    assert asked.read_text() == "x"


def test_credentials_that_are_missing_are_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("")
    dynamodb = client("dynamodb", NOWHERE, "eu-west-1", "t")
    with pytest.raises(NoCredentialsError):
        dynamodb.put_item(**CALL)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(Exception, match="Could not connect"):
        dynamodb.put_item(**CALL)


def noting(answered: list[Any]) -> Any:
    real = rehearsal._answered

    def note(request: Any, **context: Any) -> Any:
        answered.append(request.url)
        return real(request, **context)

    return note


@pytest.mark.parametrize("kind", sorted(set(registry.built_in()) - {"python"}))
def test_no_action_asks_for_credentials_when_it_warms_up(
    kind: str, asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[Any] = []
    monkeypatch.setattr(rehearsal, "_answered", noting(answered))
    (item,) = yaml.safe_load(registry.find(kind).example)
    action, problems = build({**item, **VALUES.get(kind, {})}, ())
    assert action is not None, problems
    action.warm_up("eu-west-1")
    assert not asked.exists()
    assert bool(answered) == (kind in AWS), "the sample gets through the SDK's checks, and no further"
