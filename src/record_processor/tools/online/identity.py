"""With which credentials the worker calls AWS, and whether this machine's clock agrees with AWS's."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from record_processor.aws import clients
from record_processor.aws.explanations import KINDS, explanation, is_about_credentials, is_of_aws
from record_processor.config.credential_providers import LOCAL, parts
from record_processor.errors import SetupError
from record_processor.tools.online.finding import Finding, divided, error, of_setup_error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record_processor.config.worker_configuration import AwsAccess

_STS = "AWS_ENDPOINT_URL_STS"
_NO_CREDENTIALS = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role; AwsCredentialsProvider names another source"
)
# AWS rejects signatures that are five minutes old.
_REJECTED_SECONDS = 300
_SUSPICIOUS_SECONDS = 30


def look(aws: AwsAccess) -> Iterator[Finding]:
    """Yield who the credentials belong to, by provider, and the clock."""
    for provider in dict.fromkeys((aws.streams_provider, aws.tables_provider)):
        yield _credentials(provider, aws)
    yield from _clock(aws)


def _credentials(provider: str, aws: AwsAccess) -> Finding:
    name = parts(provider)[0].rpartition(".")[2]
    what = f"credentials ({name})"
    if name == LOCAL:
        return ok(what, "for a local database, which does not check them")
    try:
        session = clients.session(provider, aws.region)
        if session.get_credentials() is None:
            return error(what, "none found", _NO_CREDENTIALS)
        sts = clients.client(session, "sts", None, setting=_STS, first_call=True)
        return _identity(what, sts, is_local=aws.tables_endpoint is not None)
    except SetupError as failure:
        return of_setup_error(what, failure)
    except BotoCoreError as failure:
        return error(what, *divided(explanation(failure)))


def _identity(what: str, sts: Any, is_local: bool) -> Finding:
    try:
        answer = sts.get_caller_identity()
    except ClientError as refused:
        if is_of_aws(refused) and is_about_credentials(refused) and not is_local:
            return error(what, explanation(refused, _STS), "Renew them, and check that this machine's clock is right")
        return warning(what, f"whose they are is not known: {explanation(refused, _STS)}", "")
    except BotoCoreError as failure:
        # A network without a way to STS can still work.
        return warning(what, f"whose they are is not known: {explanation(failure, _STS)}", "")
    return ok(what, f"{answer.get('Arn')} in account {answer.get('Account')}")


def _clock(aws: AwsAccess) -> Iterator[Finding]:
    before = time.time()
    date = _date_of_answer(aws)
    if date is None:
        return  # whoever looks at the endpoint reports why it does not answer
    ahead = (before + time.time()) / 2 - date
    found = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} DynamoDB's"
    if abs(ahead) > _REJECTED_SECONDS:
        yield error("clock", found, "Synchronize it (NTP): AWS rejects what is signed more than 5 minutes off")
    elif abs(ahead) > _SUSPICIOUS_SECONDS:
        yield warning("clock", found, "Synchronize it (NTP): max_age and the ages that are reported depend on it")
    else:
        yield ok("clock", found)


def _date_of_answer(aws: AwsAccess) -> float | None:
    """Return the time in the answer to any call; a refusal has one too."""
    try:
        session = clients.session(aws.tables_provider, aws.region)
        dynamodb = clients.client(session, "dynamodb", aws.tables_endpoint, first_call=True)
        answer = dynamodb.list_tables(Limit=1)
    except ClientError as refused:
        answer = refused.response
    except SetupError:
        return None
    except KINDS:
        return None
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (TypeError, ValueError):
        return None
