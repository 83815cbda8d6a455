"""What the actions and their dead letters write to: whether it is there and answers. Nothing is sent to it."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTimeError
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import getproxies, proxy_bypass

from botocore.exceptions import ClientError

from record_processor.actions.http import bounded_resolver
from record_processor.aws.explanations import KINDS, explanation, is_about_credentials, is_of_aws
from record_processor.aws.settings import AwsSettings, client
from record_processor.config.units import Duration
from record_processor.tools.online.finding import Finding, divided, error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from record_processor.catalog.check_report import Address, AwsCall, Needs, Question

_AT_ONCE = 8
_SECONDS = 5.0
_DENIED = frozenset(
    {"403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "Forbidden"}
)


class _Asked(NamedTuple):
    """One question, and the actions that it is asked for."""

    question: Question
    actions: tuple[str, ...]

    @property
    def what(self) -> str:
        return f"{', '.join(self.actions)}: {self.question.what}"


def look(needs: Needs, region: str) -> Iterator[Finding]:
    """Yield a finding for each question, in the order of the actions; equal ones are asked once."""
    of_worker = [one for one in needs.permissions if one.purpose in ("deliver", "store")]
    needed = {(one.action, call) for one in of_worker for call in one.calls}
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        yield from threads.map(lambda one: _answer(one, region, needed), _without_repetition(needs.questions))


def _without_repetition(questions: Sequence[Question]) -> list[_Asked]:
    found: list[_Asked] = []
    for one in questions:
        index = next((at for at, seen in enumerate(found) if _is_same(seen.question, one)), len(found))
        before = found[index].actions if index < len(found) else ()
        found[index : index + 1] = [_Asked(one, tuple(dict.fromkeys([*before, one.action])))]
    return found


def _is_same(one: Question, other: Question) -> bool:
    return (one.aws, one.address) == (other.aws, other.address)


def _answer(asked: _Asked, region: str, needed: Collection[tuple[str, str]]) -> Finding:
    call, address = asked.question.aws, asked.question.address
    if call is not None:
        return _asked(asked.what, call, region, any((action, call.call) in needed for action in asked.actions))
    if address is not None:
        return connected(asked.what, address)
    return warning(asked.what, "the action does not say how to ask", "")


def _asked(what: str, call: AwsCall, region: str, is_needed: bool) -> Finding:
    account = call.account
    settings = AwsSettings(
        region=account.region,
        endpoint=account.endpoint,
        role_arn=account.role_arn,
        profile=account.profile,
        timeout=Duration(_SECONDS),
    )
    try:
        getattr(client(call.service, settings, region, call.resource), call.operation)(**call.parameters)
    except ClientError as refused:
        return _refused(what, call, refused, is_needed)
    except KINDS as failure:
        return error(what, *divided(explanation(failure, "aws.endpoint")))
    except (AttributeError, TypeError, ValueError) as failure:  # what a plug-in asks for is not the SDK's
        return error(what, f"cannot be asked: {failure}", "")
    return ok(what, "there")


def _refused(what: str, call: AwsCall, refused: ClientError, is_needed: bool) -> Finding:
    code = str(refused.response.get("Error", {}).get("Code") or "")
    said = explanation(refused, "aws.endpoint")
    if is_about_credentials(refused):
        return error(what, said, "Check the credentials")
    if code in _DENIED:
        allow = f"Allow {call.call}"
        if is_needed:
            return error(what, f"{call.call} is denied", f"{allow}: record-processor iam prints the whole policy")
        return warning(what, f"it answers, but {call.call} is denied", f"{allow}, only to have it checked here")
    if code == "404" or (not is_of_aws(refused) and _status(refused) == 404):
        return error(what, "not there", "Create it, or correct its name, region or account")
    return error(what, said, "Create it, or correct its name, region or account")


def _status(refused: ClientError) -> int | None:
    status: int | None = refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status


def connected(what: str, address: Address) -> Finding:
    """Return whether an address accepts a connection, with TLS if it says so."""
    scheme = "https" if address.is_tls else "http"
    if scheme in getproxies() and not proxy_bypass(address.host):
        return warning(what, f"is called through the proxy of {scheme}_proxy, which was not asked", "")
    try:
        found = bounded_resolver.addresses(address.host, address.port, _SECONDS)
        with socket.create_connection((found[0], address.port), _SECONDS) as connection:
            if address.is_tls:
                with _context(address).wrap_socket(connection, server_hostname=address.host):
                    return ok(what, "accepts connections, and its certificate is valid")
    except NotInTimeError:
        return error(what, f"was not found or did not answer within {_SECONDS:g} s", "Check the name and the network")
    except ssl.SSLError as failure:
        return error(what, f"TLS fails: {failure}", "Check the certificate; ca_file names another authority")
    except OSError as failure:
        return error(what, f"does not accept connections: {failure}", "Check the address and the network's way there")
    return ok(what, "accepts connections")


def _context(address: Address) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=address.ca_file)
