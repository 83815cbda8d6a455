"""What the AWS actions and dead letters have in common in YAML, and the clients made from it.

The SDK is imported when the first client is made: a worker without AWS actions never pays for it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import threading
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from record_processor.aws import deferred_credentials
from record_processor.aws.bounded_answers import bounded
from record_processor.config.units import Duration

if TYPE_CHECKING:
    from botocore.session import Session

_CONNECT_SECONDS = 5
# An ARN; a queue at an endpoint of SQS (also FIPS, in a VPC, in China); a queue at one of SQS's legacy addresses.
_REGION_SHAPE = r"[a-z]{2,}(?:-[a-z]+)+-\d+"
_REGION = re.compile(
    r"arn:[^:]+:[^:]+:(?P<arn>[^:]+):"
    rf"|https?://(?:[\w-]+\.)?sqs(?:-fips)?\.(?P<queue>{_REGION_SHAPE})\."
    rf"|https?://(?P<early>{_REGION_SHAPE})\.queue\.amazonaws\."
)
# AWS's first region has an address without its name.
_EARLIEST = re.compile(r"https?://queue\.amazonaws\.com/")
# One client serves every call of all actions with the same settings; no action has more concurrent calls than this.
_MOST_CONNECTIONS = 256
# Threads ask at the same time; with the cache alone each of them would make a client.
_one_at_a_time = threading.Lock()


class AwsSettings(msgspec.Struct, kw_only=True, frozen=True):
    """Where and with which credentials AWS is called; by default as the SDK decides, near the resource or stream."""

    region: Annotated[
        str | None,
        Meta(
            description="The AWS region. Default: the one in the ARN or URL, then the SDK's configuration, then the "
            "stream's region."
        ),
    ] = None
    endpoint: Annotated[
        Annotated[str, Meta(pattern="^https?://")] | None,
        Meta(
            description="Endpoint URL of a VPC endpoint or a local server, such as http://localhost:9324.",
            extra={"expected": "an address that begins with http:// or https://"},
        ),
    ] = None
    role_arn: Annotated[str | None, Meta(description="ARN of a role to assume, for example in another account.")] = None
    profile: Annotated[str | None, Meta(description="Profile in the SDK's configuration files.")] = None
    timeout: Annotated[
        Duration | None, Meta(description="How long to wait for a response. Default: 20s; lambda: 15m.")
    ] = None


def client(
    service: str, settings: AwsSettings, stream_region: str, resource: str = "", timeout_seconds: float = 20.0
) -> Any:
    """Return this process's client of a service with these settings. Thread-safe.

    It tries each call once: retries belong to the delivery, which knows the order, the lease and the stop. `resource`
    is the ARN or queue address to call: it contains its region.

    Raises:
        botocore.exceptions.BotoCoreError: there is no such profile, or no credentials to assume the role with.
    """
    with _one_at_a_time:
        return _made(service, settings, _region_of(resource), stream_region, settings.timeout or timeout_seconds)


@functools.cache
def _made(
    service: str, settings: AwsSettings, resource_region: str | None, stream_region: str, timeout_seconds: float
) -> Any:
    from botocore.config import Config
    from botocore.session import Session

    session = Session(profile=settings.profile)
    region = settings.region or resource_region or session.get_config_variable("region") or stream_region
    deferred_credentials.defer(session)
    if settings.role_arn is not None:
        _assume(session, settings.role_arn, region)
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=timeout_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=_MOST_CONNECTIONS,
        # A function may take minutes, and routers forget idle connections.
        tcp_keepalive=True,
        # The SDK's checksums for S3 objects are newer than most other servers with that interface; MD5 is known to all.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return bounded(session.create_client(service, region_name=region, endpoint_url=settings.endpoint, config=config))


def _region_of(resource: str) -> str | None:
    """Return the region that an ARN or a queue's address names: a call signed for another region is rejected."""
    if _EARLIEST.match(resource):
        return "us-east-1"
    match = _REGION.match(resource)
    return next(filter(None, match.groups()), None) if match else None


def content_md5(content: bytes) -> str:
    """Add the header that lets S3 reject an object that was damaged on its way."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _assume(session: Session, role_arn: str, region: str) -> None:
    """Have the session's clients act as a role, with credentials that are renewed before they expire."""
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

    def sts(name: str, **options: Any) -> Any:
        return bounded(session.create_client(name, region_name=region, **options))

    fetcher = AssumeRoleCredentialFetcher(sts, session.get_credentials(), role_arn)
    # The public setter accepts only fixed keys, which would expire in a worker that runs for weeks.
    session._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]
        fetcher.fetch_credentials, "assume-role"
    )
