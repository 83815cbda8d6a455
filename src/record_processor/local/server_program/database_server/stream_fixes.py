"""Fixes for ministack's streams, through its private names.

`tests/end_to_end/test_local_database.py` fails when one of them is gone.
"""

from __future__ import annotations

import importlib
import zlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .sequence_numbers import SequenceNumbers

# Streams per page of ListStreams.
_MOST_STREAMS = 100


def apply(dynamodb: ModuleType, numbers: SequenceNumbers) -> None:
    """Change ministack's modules before the first request."""
    dynamodb._next_stream_seq = numbers.next  # type: ignore[attr-defined]
    dynamodb._build_change_record = _sized(dynamodb)  # type: ignore[attr-defined]
    streams = importlib.import_module("ministack.services.dynamodb_streams")
    streams._list_streams = _listing(dynamodb, streams)  # type: ignore[attr-defined]
    streams._describe_stream = _with_own_shard(streams, streams._describe_stream)  # type: ignore[attr-defined]
    streams._get_shard_iterator = _with_own_shard(streams, streams._get_shard_iterator)  # type: ignore[attr-defined]


def _sized(dynamodb: ModuleType) -> Callable[..., dict[str, Any]]:
    """Return a builder of stream records that sets their size, which ministack leaves 0."""
    build, size_of = dynamodb._build_change_record, dynamodb._item_size_bytes

    def built(*arguments: Any) -> dict[str, Any]:
        record: dict[str, Any] = build(*arguments)
        change = record["dynamodb"]
        change["SizeBytes"] = sum(size_of(change.get(part)) for part in ("Keys", "NewImage", "OldImage"))
        return record

    return built


def _listing(dynamodb: ModuleType, streams: ModuleType) -> Callable[[dict[str, Any]], Any]:
    """Return a ListStreams with closed streams too, which can be read for a day; ministack leaves them out."""
    answer = importlib.import_module("ministack.core.responses").json_response

    def listed(call: dict[str, Any]) -> Any:
        found = [streams._enabled_stream_info(name) for name in list(dynamodb._tables.keys())]
        found += [{**stream, "StreamArn": arn} for arn, stream in dynamodb._closed_streams.items()]
        fields = ("StreamArn", "TableName", "StreamLabel")
        # In the order of their ARNs: by table, then by time.
        every = sorted([{name: one[name] for name in fields} for one in found if one], key=lambda one: one["StreamArn"])
        wanted = [one for one in every if call.get("TableName") in (None, one["TableName"])]
        rest = [one for one in wanted if one["StreamArn"] > call.get("ExclusiveStartStreamArn", "")]
        most = min(int(call.get("Limit", _MOST_STREAMS)), _MOST_STREAMS)
        page = rest[:most]
        more = {"LastEvaluatedStreamArn": page[-1]["StreamArn"]} if len(page) < len(rest) else {}
        return answer({"Streams": page, **more})

    return listed


def _shard_id(arn: str) -> str:
    """Return an id like AWS's: the time in milliseconds, and what tells streams of the same moment apart."""
    try:
        made = datetime.fromisoformat(arn.rpartition("/")[2]).replace(tzinfo=timezone.utc)
    except ValueError:
        return ""
    return f"shardId-{int(made.timestamp() * 1000):020d}-{zlib.crc32(arn.encode()):08x}"


def _with_own_shard(streams: ModuleType, answer: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Return the call with a shard id of its own for each stream.

    In ministack all shards have the same id, so a lease of a table's old stream would count for its new one.
    """
    shared: str = streams._DEFAULT_SHARD_ID

    def answered(call: dict[str, Any]) -> Any:
        own = _shard_id(call.get("StreamArn", ""))
        inside = {own: shared, shared: "none of this stream"}
        named: dict[str, Any] = {
            name: inside.get(call[name], call[name]) for name in ("ShardId", "ExclusiveStartShardId") if name in call
        }
        status, headers, body = answer({**call, **named})
        return status, headers, body.replace(shared.encode(), own.encode()) if status == 200 else body

    return answered
