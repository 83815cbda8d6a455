"""Whether anything answers where the worker is to read and to keep its leases: known before a JVM starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from record_processor.aws import clients
from record_processor.aws.explanations import is_about_credentials, is_of_aws, not_aws
from record_processor.errors import SetupError

if TYPE_CHECKING:
    import boto3

    from record_processor.config.properties import Properties

_TABLES, _STREAMS = "dynamoDBEndpoint", "kinesisEndpoint"
"""The settings, under KCL's names."""


class Clients(NamedTuple):
    """For the tables (KCL's too), and for the streams; each with the credentials that the properties give it."""

    tables: Any
    streams: Any


def connect(properties: Properties) -> Clients:
    """Call each of the two services once, and give clients that are more patient than that.

    Raises:
        SetupError: nothing answers within three seconds, or something else does; it names setting and address.
    """
    streams_provider = properties.text("AwsCredentialsProvider")
    tables_provider = properties.optional_text("AwsCredentialsProviderDynamoDB") or streams_provider
    region = properties.text("regionName")
    streams = clients.session(streams_provider, region)
    tables = streams if tables_provider == streams_provider else clients.session(tables_provider, region)
    # A call that costs nothing, and a key of its answer. A refusal is an answer too.
    _call(properties, tables, "dynamodb", _TABLES, ("list_tables", "TableNames"))
    _call(properties, streams, "dynamodbstreams", _STREAMS, ("list_streams", "Streams"))
    return Clients(
        clients.client(tables, "dynamodb", properties.optional_text(_TABLES), setting=_TABLES),
        clients.client(streams, "dynamodbstreams", properties.optional_text(_STREAMS), setting=_STREAMS),
    )


def _call(
    properties: Properties, session: boto3.Session, service: str, setting: str, expected: tuple[str, str]
) -> None:
    address = properties.optional_text(setting)
    client = clients.client(session, service, address, setting=setting, first_call=True)
    place = f"{setting} = {address}" if address else f"{setting} (not written: {client.meta.endpoint_url})"
    operation, key = expected
    with clients.explained(place, setting):
        try:
            answer = getattr(client, operation)(Limit=1)
        except ClientError as error:
            if is_of_aws(error) and not is_about_credentials(error):
                return  # whether it may be called for what is needed is seen when that is called
            raise
    if key not in answer:
        raise SetupError(f"{place}: {not_aws(client.meta.endpoint_url, setting, f'an answer without {key}')}")
