"""boto3 clients for the worker's parent process and for the tools, with the credentials that the properties name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from record_processor.aws.bounded_answers import bounded
from record_processor.aws.explanations import KINDS, explanation
from record_processor.config.credential_providers import ASSUME_ROLE, LOCAL, PROFILE, parts
from record_processor.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

# A user waits for these calls: a clear error soon is better than a long silence.
_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 4})
# Whether anything answers is known within three seconds.
_ONCE: Any = {"mode": "standard", "total_max_attempts": 1}
_FIRST_CALL = Config(connect_timeout=2, read_timeout=2, retries=_ONCE)

LOCAL_CREDENTIALS = ("local", "local")
"""What the Java side's LocalCredentialsProvider provides: a local database wants a signature but does not check it."""


def session(provider: str, region: str | None) -> boto3.Session:
    """Return a session with the credentials of an `AwsCredentialsProvider`, such as `ProfileCredentialsProvider|dev`.

    Raises:
        SetupError: it names a profile that does not exist, or a role that cannot be assumed.
    """
    name, *arguments = parts(provider)
    short = name.rpartition(".")[2]
    if short == LOCAL:
        access_key, secret_key = LOCAL_CREDENTIALS
        return boto3.Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=region)
    with explained("AwsCredentialsProvider"):
        if short == PROFILE:
            return boto3.Session(profile_name=arguments[0] if arguments else None, region_name=region)
        if short in ASSUME_ROLE and arguments:
            return _assumed_role(region, *arguments[:2])
        return boto3.Session(region_name=region)


def client(
    session: boto3.Session,
    service: str,
    endpoint: str | None,
    *,
    setting: str = "dynamoDBEndpoint",
    first_call: bool = False,
    at_once: int | None = None,
) -> Any:
    """Return a client that gives up within seconds, not minutes; for a first call, within three.

    `setting` is the property that contains `endpoint`. With `at_once`, that many calls can run at the same time, and
    none is tried again.

    Raises:
        SetupError: the endpoint is not an address, or no region is known.
    """
    with explained(service, setting):
        try:
            config = _FIRST_CALL if first_call else _CONFIG
            if at_once is not None:
                config = _CONFIG.merge(Config(max_pool_connections=at_once, retries=_ONCE))
            return bounded(session.client(service, endpoint_url=endpoint, config=config))
        except ValueError:
            if endpoint is None:
                raise SetupError(f"{session.region_name!r} is not a region; expected one such as eu-west-1") from None
            raise SetupError(
                f"{setting}: {endpoint!r} is not a URL; expected one such as http://localhost:8000"
            ) from None


@contextmanager
def explained(what: str, endpoint: str = "dynamoDBEndpoint") -> Iterator[None]:
    """Turn the SDK's errors about connections, credentials and permissions into ours, which say what to do.

    `endpoint` is the setting that contains the address.
    """
    try:
        yield
    except KINDS as error:
        raise SetupError(f"{what}: {explanation(error, endpoint)}") from None


def _assumed_role(region: str | None, role_arn: str, session_name: str = "record-processor") -> boto3.Session:
    sts = bounded(boto3.Session(region_name=region).client("sts", config=_CONFIG))
    credentials = sts.assume_role(RoleArn=role_arn, RoleSessionName=session_name)["Credentials"]
    return boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name=region,
    )
