"""The tables and their streams: whether they are there and may be read, and have what the actions look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from record_processor.aws.clients import explained
from record_processor.aws.explanations import explanation
from record_processor.errors import SetupError
from record_processor.host import stream_arns
from record_processor.tools.online.finding import Finding, error, of_setup_error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from record_processor.catalog.check_report import ImageNeed
    from record_processor.host.endpoints import Clients

_STREAMS = "kinesisEndpoint"


class Seen(NamedTuple):
    """What a stream says of itself."""

    view_type: str
    open_shards: int


def look(clients: Clients, names: Sequence[str], needs: Sequence[ImageNeed], seen: list[Seen]) -> Iterator[Finding]:
    """Yield findings for each entry of `streamName`; what is found of the streams is added to `seen`."""
    for name in names:
        what = f"stream {name}" if stream_arns.is_arn(name) else f"table {name}"
        try:
            (arn,) = stream_arns.resolve(clients.tables, [name])
            stream_arns.verify(clients.streams, [arn])
            shards, description = _described(clients.streams, arn)
            _read(clients.streams, arn, shards)
        except SetupError as failure:
            yield of_setup_error(what, failure)
            continue
        still = [shard for shard in shards if "EndingSequenceNumber" not in shard.get("SequenceNumberRange", {})]
        view_type = description["StreamViewType"]
        seen.append(Seen(view_type, len(still)))
        yield _of_stream(what, arn, description, len(still))
        if not stream_arns.is_arn(name):
            yield from _list(clients.streams, name)
        yield from _images(what, view_type, needs)


def _of_stream(what: str, arn: str, description: dict[str, Any], shards: int) -> Finding:
    found = f"{arn}, {description['StreamViewType']}, {shards} open shard{'s' * (shards != 1)}"
    if description.get("StreamStatus") in ("DISABLED", "DISABLING"):
        return warning(
            what, f"{found}, disabled", "Nothing new arrives: name the table, to follow the stream it has now"
        )
    return ok(what, found)


def _list(streams: Any, table: str) -> Iterator[Finding]:
    """Yield a warning if the list of a table's streams may not be read: the worker then does without it."""
    try:
        streams.list_streams(TableName=table, Limit=1)
    except ClientError as refused:
        found = (
            f"they may not be listed ({explanation(refused, _STREAMS)}): one that was replaced unseen is passed over"
        )
        yield warning(f"streams of table {table}", found, "Allow dynamodb:ListStreams on its streams")


def _images(what: str, view_type: str, needs: Sequence[ImageNeed]) -> Iterator[Finding]:
    for need in needs:
        if need.view_type == view_type:
            found = f"with {view_type}, {need.setting}: {need.consequence}"
            remedy = (
                "Enable the stream again with NEW_AND_OLD_IMAGES (what is written in between is in no stream), or "
                f"change {need.setting} ({need.place})"
            )
            yield (error if need.is_fatal else warning)(f"view type of {what}", found, remedy)


def _described(streams: Any, arn: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    shards: list[dict[str, Any]] = []
    page: dict[str, Any] = {"StreamArn": arn}
    with explained(f"stream {arn}", _STREAMS):
        while True:
            description: dict[str, Any] = streams.describe_stream(**page)["StreamDescription"]
            shards += description["Shards"]
            if not description.get("LastEvaluatedShardId"):
                return shards, description
            page["ExclusiveStartShardId"] = description["LastEvaluatedShardId"]


def _read(streams: Any, arn: str, shards: list[dict[str, Any]]) -> None:
    """Read one record at most, of the newest shard: it costs one read, and shows that reading is allowed."""
    if not shards:
        return
    with explained(f"stream {arn}", _STREAMS):
        shard_id = max(shard["ShardId"] for shard in shards)
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType="LATEST")
        streams.get_records(ShardIterator=iterator["ShardIterator"], Limit=1)
