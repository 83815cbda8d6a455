"""AWS's regions: which names are valid, and which region applies if none is written."""

from __future__ import annotations

import functools
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "us-east-1"
_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


class Found(NamedTuple):
    """A region, and where it was found."""

    region: str
    place: str


def partition_of(region: str) -> str | None:
    """Return `aws` for `eu-west-1`, `aws-cn` for `cn-north-1`; None if it is not a region's name."""
    return next((name for name, pattern in _partitions() if pattern.match(region)), None)


def is_host_of_aws(host: str) -> bool:
    """Return whether a host name is one of AWS's own."""
    return any(host.endswith(f".{suffix}") for suffix in _suffixes())


def expected(region: str) -> str | None:
    """Return what was expected instead of text that is not a region; None if it is one."""
    return (
        None if partition_of(region) else "a region of AWS, such as eu-west-1 (with a local database too: it takes any)"
    )


def configured(environment: Mapping[str, str], profile: str | None = None) -> Found:
    """Return the region from AWS's variables, else from the profile, else us-east-1."""
    for variable in _VARIABLES:
        if environment.get(variable):
            return Found(environment[variable], f"environment variable {variable}")
    return _of_profile(profile or environment.get("AWS_PROFILE")) or Found(DEFAULT, "the default")


def _of_profile(profile: str | None) -> Found | None:
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        region = Session(profile=profile).get_scoped_config().get("region")
    except BotoCoreError:  # such as a missing profile: whoever creates a client with it reports it
        return None
    return Found(region, f"profile {profile or 'default'}") if region else None


@functools.cache
def _partitions() -> list[tuple[str, re.Pattern[str]]]:
    """Return each partition's name and the pattern of its regions."""
    return [(one["id"], re.compile(one["regionRegex"])) for one in _known_to_the_sdk()]


@functools.cache
def _suffixes() -> frozenset[str]:
    """Return the endings of AWS's host names."""
    names = ("dnsSuffix", "dualStackDnsSuffix")
    return frozenset(one["outputs"][name] for one in _known_to_the_sdk() for name in names)


def _known_to_the_sdk() -> list[dict[str, Any]]:
    text = resources.files("botocore").joinpath("data/partitions.json").read_text(encoding="utf-8")
    partitions: list[dict[str, Any]] = json.loads(text)["partitions"]
    return partitions
