"""Region, role, profile and endpoint, as the AWS actions have them in common."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import NoCredentialsError, ProfileNotFound

from record_processor.aws import settings
from record_processor.aws.settings import AwsSettings, client
from tests.servers import dialects
from tests.servers.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.started import Servers


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local-secret-key")
    yield
    settings._made.cache_clear()


@pytest.mark.parametrize(
    ("settings", "resource", "region"),
    [
        ({}, "", "eu-north-1"),
        ({}, "orders", "eu-north-1"),
        ({}, "arn:aws:sns:eu-west-1:123456789012:orders", "eu-west-1"),
        ({}, "https://sqs.ap-south-1.amazonaws.com/123456789012/orders", "ap-south-1"),
        ({}, "http://localhost:9324/000000000000/orders", "eu-north-1"),
        ({"region": "us-east-2"}, "arn:aws:sns:eu-west-1:123456789012:orders", "us-east-2"),
    ],
)
def test_the_region_is_the_nearest_that_is_known(settings: dict[str, str], resource: str, region: str) -> None:
    made = client("sns", AwsSettings(**settings), "eu-north-1", resource)  # type: ignore[arg-type]
    assert made.meta.region_name == region


def test_there_is_one_client_for_the_same_settings_and_it_tries_once() -> None:
    made = client("sqs", AwsSettings(region="us-east-1"), "x")
    assert client("sqs", AwsSettings(region="us-east-1"), "x") is made
    assert client("sqs", AwsSettings(region="us-east-2"), "x") is not made
    assert made.meta.config.retries["total_max_attempts"] == 1


def test_a_role_is_assumed_and_its_credentials_are_used(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Faults(servers.get("ministack").address, dialects.Sns())  # STS speaks SNS's protocol
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", proxy.address)
    role = "arn:aws:iam::999999999999:role/writer"
    made = client("sts", AwsSettings(endpoint=proxy.address, role_arn=role), "us-west-2")
    who: dict[str, Any] = made.get_caller_identity()
    assert who["Arn"].startswith("arn:aws:sts::999999999999:assumed-role/writer/")
    proxy.end()


def test_a_role_that_nobody_can_assume_for_lack_of_credentials_is_reported_as_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    sqs = client("sqs", AwsSettings(role_arn="arn:aws:iam::999999999999:role/writer"), "us-west-2")
    with pytest.raises(NoCredentialsError):
        sqs.list_queues()


def test_a_profile_gives_credentials_and_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile shop]\nregion = sa-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert client("sqs", AwsSettings(profile="shop"), "us-west-2").meta.region_name == "sa-east-1"
    with pytest.raises(ProfileNotFound):
        client("sqs", AwsSettings(profile="nobody"), "us-west-2")
