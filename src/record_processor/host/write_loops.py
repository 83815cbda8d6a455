"""Actions that would write to a table whose changes they receive: each write would cause the next change, endlessly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from record_processor.aws.sdk_settings import SdkSettings
from record_processor.config import regions
from record_processor.errors import ConfigError, InvalidConfigError
from record_processor.host import stream_arns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.catalog.check_report import WrittenTable
    from record_processor.config.worker_configuration import AwsAccess

_ROLE = re.compile(r"arn:[^:]*:iam::(\d{12}):role/.+")
_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1|0\.0\.0\.0")
_PORTS = {"http": 80, "https": 443}


class _Address(NamedTuple):
    host: str
    port: int | None


class _Table(NamedTuple):
    """A table, as far as it is known without asking anybody."""

    name: str
    region: str
    account: str | None
    """None: that of the credentials."""
    credentials: bool
    """Whether it is reached with other credentials than the worker's own."""
    address: _Address | None
    """Where it is reached; None: at AWS."""


def refuse(aws: AwsAccess, names: Sequence[str], tables: Sequence[WrittenTable]) -> None:
    """Reject tables that are read and written, unless the user has said what ends the loop.

    `names` are names of tables or ARNs of streams. A name says less: it leaves the account open.

    Raises:
        InvalidConfigError: with every such table.
    """
    mistakes = [
        ConfigError(table.place, f"{table.setting}: {_message(table, name)}")
        for table in tables
        if not table.may_loop and (name := _read_as(aws, names, table)) is not None
    ]
    if mistakes:
        raise InvalidConfigError(mistakes)


def _message(table: WrittenTable, name: str) -> str:
    whose = ""
    if not stream_arns.parts_of(table.table):
        whose = ". If it is another account's or region's, write its ARN"
    elif not stream_arns.is_arn(name):
        whose = ". If it is another account's, write the stream's ARN in streamName, which tells them apart"
    return (
        f"{table.table!r} is read here (streamName: {name}): what is written there would come back as the next change, "
        f"again and again. {table.way_out}{whose}"
    )


def _read_as(aws: AwsAccess, names: Sequence[str], table: WrittenTable) -> str | None:
    """Return which of the names is this table's; None if none is."""
    for name in names:
        if _name_in(name) != _name_in(table.table):
            continue  # most are, and everything else requires the SDK's configuration
        if _may_be_same(_read(aws, name), _written(aws, table)):
            return name
    return None


def _name_in(name: str) -> str:
    return stream_arns.parts_of(name).get("table", name)


def _read(aws: AwsAccess, name: str) -> _Table:
    arn = stream_arns.parts_of(name)
    sdk = SdkSettings(None)
    endpoint = aws.tables_endpoint or aws.streams_endpoint
    region = arn.get("region") or aws.region
    return _Table(_name_in(name), region, arn.get("account"), False, _address(endpoint or sdk.endpoint()))


def _written(aws: AwsAccess, table: WrittenTable) -> _Table:
    """Find the address as `aws/settings.py` does."""
    arn = stream_arns.parts_of(table.table)
    sdk = SdkSettings(table.profile)
    role = _ROLE.fullmatch(table.role_arn or "")
    account = arn.get("account") or (role[1] if role else None)
    region = arn.get("region") or table.region or sdk.region() or aws.region
    credentials = bool(table.role_arn or table.profile)
    return _Table(_name_in(table.table), region, account, credentials, _address(table.endpoint or sdk.endpoint()))


def _may_be_same(read: _Table, written: _Table) -> bool:
    if read.address is None and written.address is None:
        return read.region == written.region and _may_be_one_account(read, written)
    if read.address is None or written.address is None:
        return False
    # Servers for tests have the same tables for every region and account.
    return _may_be_one_server(read.address, written.address)


def _may_be_one_account(read: _Table, written: _Table) -> bool:
    """Return whether accounts may be the same: unknown at first, and other credentials usually mean another account."""
    if written.account is None or read.account == written.account:
        return True
    return read.account is None and not written.credentials


def _may_be_one_server(one: _Address, other: _Address) -> bool:
    """Return whether two addresses may lead to one server: two names may, two ports of one host do not."""
    return one.host != other.host or one.port == other.port


def _address(endpoint: str | None) -> _Address | None:
    try:
        parts = urlsplit(endpoint or "")
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # not an address: whoever calls it reports that
        return None
    if not host or regions.is_host_of_aws(host):
        return None
    return _Address("localhost" if _LOOPBACK.fullmatch(host) else host, port)
