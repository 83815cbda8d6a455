"""Whether anything answers where the worker is to read and to keep its leases: known before a JVM starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from record_processor.aws import clients
from record_processor.aws.explanations import is_about_credentials, is_of_aws, not_aws
from record_processor.errors import SetupError

if TYPE_CHECKING:
    import boto3

    from record_processor.config.worker_configuration import AwsAccess

_TABLES, _STREAMS = "dynamoDBEndpoint", "kinesisEndpoint"
"""The settings, under KCL's names."""


class Clients(NamedTuple):
    """Clients for the tables (including KCL's) and for the streams, each with its configured credentials."""

    tables: Any
    streams: Any
    tables_session: boto3.Session
    """For more clients of the tables."""
    streams_session: boto3.Session


def connect(aws: AwsAccess) -> Clients:
    """Call each of the two services once, and return clients that are more patient than that.

    Raises:
        SetupError: nothing answers within three seconds, or something else does; it names setting and address.
    """
    streams = clients.session(aws.streams_provider, aws.region)
    one_provider = aws.tables_provider == aws.streams_provider
    tables = streams if one_provider else clients.session(aws.tables_provider, aws.region)
    # A call that costs nothing, and a key of its answer. A refusal is an answer too.
    _call(aws.tables_endpoint, tables, "dynamodb", _TABLES, ("list_tables", "TableNames"))
    _call(aws.streams_endpoint, streams, "dynamodbstreams", _STREAMS, ("list_streams", "Streams"))
    return Clients(
        clients.client(tables, "dynamodb", aws.tables_endpoint, setting=_TABLES),
        clients.client(streams, "dynamodbstreams", aws.streams_endpoint, setting=_STREAMS),
        tables,
        streams,
    )


def _call(address: str | None, session: boto3.Session, service: str, setting: str, expected: tuple[str, str]) -> None:
    client = clients.client(session, service, address, setting=setting, first_call=True)
    place = f"{setting} = {address}" if address else f"{setting} (not written: {client.meta.endpoint_url})"
    operation, key = expected
    with clients.explained(place, setting):
        try:
            answer = getattr(client, operation)(Limit=1)
        except ClientError as error:
            if is_of_aws(error) and not is_about_credentials(error):
                return  # whether the needed calls are permitted is seen when they are made
            raise
    if key not in answer:
        raise SetupError(f"{place}: {not_aws(client.meta.endpoint_url, setting, f'an answer without {key}')}")
